#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "interface/boot/copies.hpp"
#include "interface/boot/elf.hpp"
#include "interface/boot/entry_state.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::interface
{

/// A loader's step: done, or why not in a person's words.
using Loaded = std::expected<void, Load_error>;

std::unexpected<Load_error> refuse(std::string_view what);
/// For a write into a VM's RAM that failed.
std::unexpected<Load_error> refuse_memory();

/// Finds a kernel its place where it wants to be, and what comes with it as high as there is room below 3 GiB; both are
/// left to be copied.
/// Invariant: nothing lands below 1 MiB, outside of RAM, or on the kernel or another file.
class Placement
{
public:
    explicit Placement(Copies& copies);

    /// `content`, then zeros up to `size`.
    Loaded put_kernel(std::uint64_t at, std::uint64_t size, std::span<const std::uint8_t> content);
    /// All that an ELF file wants loaded; at least one segment.
    Loaded put_kernel(const Elf_image& elf);
    /// At the start of a page. `no_room`: what to say when there is none.
    std::expected<Guest_physical, Load_error> put_file(std::span<const std::uint8_t> content, std::string_view no_room);

    /// From the first to the last byte of the kernel.
    bool kernel_covers(std::uint64_t at) const;

private:
    Loaded copy(Guest_physical at, Bytes size, std::span<const std::uint8_t> content);

    Copies& copies_;
    Guest_physical kernel_begin_{};
    Guest_physical kernel_end_{};
    Guest_physical files_begin_{};
};

/// At layout::command_line, with its zero byte.
Loaded put_command_line(memory::Guest_memory& memory, std::string_view text);

/// Fields one after the other, straight into a VM's memory.
class Guest_writer
{
public:
    Guest_writer(memory::Guest_memory& memory, Guest_physical at) : memory_(memory), at_(at) {}

    Guest_physical at() const { return at_; }
    Result<> number(unsigned width, std::uint64_t value);
    /// With a zero byte.
    Result<> text(std::string_view text);

private:
    memory::Guest_memory& memory_;
    Guest_physical at_;
};

} // namespace ovm::interface
