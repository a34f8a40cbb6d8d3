#include "interface/boot/elf.hpp"

#include "base/bits.hpp"
#include "base/bytes.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint64_t elf_magic = 0x464c457f;
constexpr std::uint8_t class_32 = 1;
constexpr std::uint8_t class_64 = 2;
constexpr std::uint8_t data_little_endian = 1;
constexpr std::uint64_t type_executable = 2;
constexpr std::uint64_t type_shared = 3;
constexpr std::uint64_t machine_386 = 3;
constexpr std::uint64_t machine_x86_64 = 62;

/// Where a field is, in the 32-bit and in the 64-bit layout.
struct Field
{
    std::uint8_t at_32 = 0;
    std::uint8_t at_64 = 0;
    std::uint8_t size_32 = 0;
    std::uint8_t size_64 = 0;
};

constexpr Field file_entry{24, 24, 4, 8};
constexpr Field file_headers{28, 32, 4, 8};
constexpr Field file_header_size{42, 54, 2, 2};
constexpr Field file_header_count{44, 56, 2, 2};

constexpr Field segment_type{0, 0, 4, 4};
constexpr Field segment_offset{4, 8, 4, 8};
constexpr Field segment_virtual{8, 16, 4, 8};
constexpr Field segment_physical{12, 24, 4, 8};
constexpr Field segment_file_size{16, 32, 4, 8};
constexpr Field segment_memory_size{20, 40, 4, 8};
constexpr Field segment_alignment{28, 48, 4, 8};

constexpr std::size_t file_size_of(bool is_64)
{
    return is_64 ? 64 : 52;
}

constexpr std::size_t segment_size_of(bool is_64)
{
    return is_64 ? 56 : 32;
}

std::uint64_t value_of(std::span<const std::uint8_t> header, Field field, bool is_64)
{
    return is_64 ? little_endian(header, field.at_64, field.size_64)
                 : little_endian(header, field.at_32, field.size_32);
}

/// Whether [at, at + size) lies in `bytes`.
bool lies_in(std::span<const std::uint8_t> bytes, std::uint64_t at, std::uint64_t size)
{
    return at <= bytes.size() && size <= bytes.size() - at;
}

} // namespace

Result<Elf_image> Elf_image::create(std::span<const std::uint8_t> bytes)
{
    if (bytes.size() < file_size_of(false) || little_endian(bytes, 0, 4) != elf_magic)
        return Error::corrupt;
    if ((bytes[4] != class_32 && bytes[4] != class_64) || bytes[5] != data_little_endian)
        return Error::unsupported;
    auto const is_64 = bytes[4] == class_64;
    if (bytes.size() < file_size_of(is_64))
        return Error::truncated;
    auto const type = little_endian(bytes, 16, 2);
    auto const machine = little_endian(bytes, 18, 2);
    if ((type != type_executable && type != type_shared) || (machine != machine_386 && machine != machine_x86_64))
        return Error::unsupported;

    Elf_image image;
    image.bytes_ = bytes;
    image.is_64_ = is_64;
    image.entry_ = value_of(bytes, file_entry, is_64);
    image.headers_ = value_of(bytes, file_headers, is_64);
    image.header_size_ = value_of(bytes, file_header_size, is_64);
    image.segments_ = static_cast<unsigned>(value_of(bytes, file_header_count, is_64));
    if (image.segments_ != 0 && image.header_size_ < segment_size_of(is_64))
        return Error::invalid;
    if (!lies_in(bytes, image.headers_, std::uint64_t{image.segments_} * image.header_size_))
        return Error::truncated;
    for (unsigned i = 0; i < image.segments_; ++i)
        OVM_TRY(image.check_segment(i));
    return image;
}

Result<> Elf_image::check_segment(unsigned index) const
{
    auto const header = bytes_.subspan(headers_ + index * header_size_, segment_size_of(is_64_));
    auto const size = value_of(header, segment_file_size, is_64_);
    auto const memory_size = value_of(header, segment_memory_size, is_64_);
    if (!lies_in(bytes_, value_of(header, segment_offset, is_64_), size))
        return Error::truncated;
    if (value_of(header, segment_type, is_64_) != static_cast<std::uint32_t>(Elf_segment_type::load))
        return {};
    auto const highest = ~std::uint64_t{0} - memory_size;
    if (size > memory_size || value_of(header, segment_physical, is_64_) > highest ||
        value_of(header, segment_virtual, is_64_) > highest)
        return Error::invalid;
    return {};
}

Elf_segment Elf_image::segment(unsigned index) const
{
    OVM_REQUIRES_THAT(index < segments_);
    auto const header = bytes_.subspan(headers_ + index * header_size_, segment_size_of(is_64_));
    Elf_segment segment;
    segment.type = static_cast<std::uint32_t>(value_of(header, segment_type, is_64_));
    segment.virtual_address = value_of(header, segment_virtual, is_64_);
    segment.physical_address = value_of(header, segment_physical, is_64_);
    segment.memory_size = value_of(header, segment_memory_size, is_64_);
    segment.alignment = value_of(header, segment_alignment, is_64_);
    segment.content =
        bytes_.subspan(value_of(header, segment_offset, is_64_), value_of(header, segment_file_size, is_64_));
    return segment;
}

std::optional<std::span<const std::uint8_t>> Elf_image::find_note(std::string_view owner, std::uint32_t type) const
{
    constexpr std::size_t header_size = 12;
    for (unsigned i = 0; i < segments_; ++i)
    {
        auto const notes = segment(i);
        if (!notes.is(Elf_segment_type::note))
            continue;
        auto const alignment = notes.alignment == 8 ? 8 : 4;
        auto rest = notes.content;
        while (rest.size() >= header_size)
        {
            auto const name_size = little_endian(rest, 0, 4);
            auto const size = little_endian(rest, 4, 4);
            auto const content_at = align_up(header_size + name_size, alignment);
            if (!lies_in(rest, header_size, name_size) || !lies_in(rest, content_at, size))
                break;
            auto const name = text_of(rest.subspan(header_size, name_size));
            if (little_endian(rest, 8, 4) == type && name.size() == owner.size() + 1 && name.starts_with(owner))
                return rest.subspan(content_at, size);
            auto const next = align_up(content_at + size, alignment);
            if (next >= rest.size())
                break;
            rest = rest.subspan(next);
        }
    }
    return std::nullopt;
}

} // namespace ovm::interface
