#include "base/bits.hpp"
#include "interface/machine/virtual_machine.hpp"

namespace ovm::interface
{

namespace
{

using arch::Register;
using arch::Segment;
using arch::Segment_name;

// Packed attributes (arch/exit.hpp): present, code or data, accessed.
constexpr std::uint16_t code_32 = 0xc9b;
constexpr std::uint16_t code_64 = 0xa9b;
constexpr std::uint16_t data_flat = 0xc93;
constexpr std::uint16_t busy_tss = 0x8b;
constexpr std::uint16_t code_selector = 0x10;
constexpr std::uint16_t data_selector = 0x18;
constexpr std::uint32_t whole = 0xffff'ffff;

constexpr std::uint64_t cr0_protection = bit(0);
constexpr std::uint64_t cr0_extension_type = bit(4);
constexpr std::uint64_t cr0_paging = bit(31);
constexpr std::uint64_t cr4_physical_address_extension = bit(5);
constexpr std::uint64_t efer_long_mode = bit(8) | bit(10);

} // namespace

void enter(arch::Virtual_processor& state, const Entry_state& entry)
{
    bool const long_mode = entry.mode == Entry_state::Mode::long64;
    state.set_segment(Segment_name::cs, {code_selector, long_mode ? code_64 : code_32, whole, 0});
    for (auto const name : {Segment_name::ds, Segment_name::es, Segment_name::ss, Segment_name::fs, Segment_name::gs})
        state.set_segment(name, {data_selector, data_flat, whole, 0});
    state.set_segment(Segment_name::tr, {0, busy_tss, 0x67, 0});
    state.set_segment(Segment_name::gdtr, {0, 0, long_mode ? std::uint32_t{31} : 0, entry.gdt.value()});
    state.set_segment(Segment_name::idtr, {0, 0, 0, 0});
    if (long_mode)
    {
        state.set_cr4(cr4_physical_address_extension);
        state.set_cr3(entry.page_tables.value());
        state.set_efer(efer_long_mode);
        state.set_cr0(cr0_protection | cr0_extension_type | cr0_paging);
    }
    else
        state.set_cr0(cr0_protection | cr0_extension_type);
    state.set_rflags(0);
    state.set_rip(entry.rip);
    state.set(Register::rax, entry.rax);
    state.set(Register::rbx, entry.rbx);
    state.set(Register::rsi, entry.rsi);
    state.set(Register::rsp, entry.rsp);
}

} // namespace ovm::interface
