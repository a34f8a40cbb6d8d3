#include "interface/boot/placement.hpp"

#include <algorithm>
#include <array>

#include "base/bits.hpp"

namespace ovm::interface
{

namespace
{

Result<> clear(memory::Guest_memory& memory, Range<Guest_physical> range)
{
    constexpr std::array<std::uint8_t, 512> zeros{};
    while (range.size > Bytes{0})
    {
        auto const count = std::min(range.size, Bytes{zeros.size()});
        OVM_TRY(memory.write(range.begin, std::span(zeros).first(count.value())));
        range = {range.begin + count, range.size - count};
    }
    return {};
}

} // namespace

std::unexpected<Load_error> refuse(std::string_view what)
{
    return std::unexpected(Load_error{what});
}

std::unexpected<Load_error> refuse_memory()
{
    return refuse("there is no memory left for the VM");
}

Placement::Placement(memory::Guest_memory& memory)
    : memory_(memory), kernel_begin_(memory.ram().low.end()), kernel_end_(layout::kernel),
      files_begin_(memory.ram().low.end().align_down(page_size))
{
}

Loaded Placement::put_kernel(std::uint64_t at, std::uint64_t size, std::span<const std::uint8_t> content)
{
    OVM_REQUIRES_THAT(content.size() <= size);
    Guest_physical const begin(at);
    if (begin < layout::kernel)
        return refuse("a part of the kernel wants to lie below 1 MiB, which is taken: link it at 1 MiB or higher");
    if (begin >= Guest_physical(memory::Guest_ram::low_end.value()))
        return refuse("a part of the kernel wants to lie above 3 GiB, where no RAM is: link it lower");
    if (!memory_.ram().low.contains(begin, Bytes(size)))
        return refuse("the kernel does not fit into the VM's memory: give the VM more memory");
    Range<Guest_physical> const rest{begin + Bytes(content.size()), Bytes(size - content.size())};
    if (!memory_.write(begin, content) || !clear(memory_, rest))
        return refuse_memory();
    kernel_begin_ = std::min(kernel_begin_, begin);
    kernel_end_ = std::max(kernel_end_, begin + Bytes(size));
    return {};
}

Loaded Placement::put_kernel(const Elf_image& elf)
{
    bool loaded = false;
    for (unsigned i = 0; i < elf.segments(); ++i)
    {
        auto const segment = elf.segment(i);
        if (!segment.is(Elf_segment_type::load) || segment.memory_size == 0)
            continue;
        auto const done = put_kernel(segment.physical_address, segment.memory_size, segment.content);
        if (!done)
            return done;
        loaded = true;
    }
    if (!loaded)
        return refuse("the kernel has nothing to load: give a linked ELF executable");
    return {};
}

std::expected<Guest_physical, Load_error> Placement::put_file(std::span<const std::uint8_t> content,
                                                              std::string_view no_room)
{
    auto const floor = kernel_end_.align_up(page_size);
    if (files_begin_ < floor || (files_begin_ - floor).value() < content.size())
        return refuse(no_room);
    auto const at = (files_begin_ - Bytes(content.size())).align_down(page_size);
    if (!memory_.write(at, content))
        return refuse_memory();
    files_begin_ = at;
    return at;
}

bool Placement::kernel_covers(std::uint64_t at) const
{
    return Guest_physical(at) >= kernel_begin_ && Guest_physical(at) < kernel_end_;
}

Loaded put_command_line(memory::Guest_memory& memory, std::string_view text)
{
    if (text.size() >= page_size.value())
        return refuse("the command line is longer than 4095 characters: shorten it");
    Guest_writer writer(memory, layout::command_line);
    if (!writer.text(text))
        return refuse_memory();
    return {};
}

Result<> Guest_writer::number(unsigned width, std::uint64_t value)
{
    OVM_TRY(memory_.store(at_, width, low_bytes(value, width)));
    at_ += Bytes{width};
    return {};
}

Result<> Guest_writer::text(std::string_view text)
{
    for (char const character : text)
        OVM_TRY(number(1, static_cast<std::uint8_t>(character)));
    return number(1, 0);
}

} // namespace ovm::interface
