#include "interface/boot/placement.hpp"

#include <algorithm>
#include <array>

#include "base/bits.hpp"
#include "base/bytes.hpp"

namespace ovm::interface
{

std::unexpected<Load_error> refuse(std::string_view what)
{
    return std::unexpected(Load_error{what});
}

std::unexpected<Load_error> refuse_memory()
{
    return refuse("there is no memory left for the VM");
}

Placement::Placement(Copies& copies)
    : copies_(copies), kernel_begin_(copies.memory().ram().low.end()), kernel_end_(layout::kernel),
      files_begin_(kernel_begin_.align_down(page_size))
{
}

Loaded Placement::copy(Guest_physical at, Bytes size, std::span<const std::uint8_t> content)
{
    if (!copies_.add(at, size, content))
        return refuse("the kernel has more segments than OVM loads: link it into fewer");
    return {};
}

Loaded Placement::put_kernel(std::uint64_t at, std::uint64_t size, std::span<const std::uint8_t> content)
{
    OVM_REQUIRES_THAT(content.size() <= size);
    Guest_physical const begin(at);
    if (begin < layout::kernel)
        return refuse("a part of the kernel wants to lie below 1 MiB, which is taken: link it at 1 MiB or higher");
    if (begin >= Guest_physical(memory::Guest_ram::low_end.value()))
        return refuse("a part of the kernel wants to lie above 3 GiB, where no RAM is: link it lower");
    if (!copies_.memory().ram().low.contains(begin, Bytes(size)))
        return refuse("the kernel does not fit into the VM's memory: give the VM more memory");
    if (auto const done = copy(begin, Bytes(size), content); !done)
        return done;
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
    if (auto const done = copy(at, Bytes(content.size()), content); !done)
        return std::unexpected(done.error());
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
    OVM_TRY(memory_.write(at_, bytes_of(text)));
    at_ += Bytes{text.size()};
    return number(1, 0);
}

} // namespace ovm::interface
