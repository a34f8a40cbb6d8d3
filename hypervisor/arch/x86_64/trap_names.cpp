#include "arch/x86_64/trap_names.hpp"

#include <array>

namespace ovm::arch
{

const char* trap_name(std::uint64_t vector)
{
    static constexpr std::array<const char*, 32> names{
        "divide error (#DE)",
        "debug exception (#DB)",
        "non-maskable interrupt (NMI)",
        "breakpoint (#BP)",
        "overflow (#OF)",
        "bound range (#BR)",
        "invalid opcode (#UD)",
        "device not available (#NM)",
        "double fault (#DF)",
        "vector 9",
        "invalid TSS (#TS)",
        "segment not present (#NP)",
        "stack fault (#SS)",
        "general protection (#GP)",
        "page fault (#PF)",
        "vector 15",
        "floating point (#MF)",
        "alignment check (#AC)",
        "machine check (#MC)",
        "SIMD floating point (#XF)",
        "vector 20",
        "control protection (#CP)",
        "vector 22",
        "vector 23",
        "vector 24",
        "vector 25",
        "vector 26",
        "vector 27",
        "hypervisor injection (#HV)",
        "VMM communication (#VC)",
        "security exception (#SX)",
        "vector 31",
    };
    return vector < names.size() ? names[vector] : "interrupt";
}

const char* failed_check(std::uint64_t rip)
{
    auto const* const code = reinterpret_cast<const std::uint8_t*>(rip);
    if (code[0] == 0x0f && code[1] == 0x0b) // UD2
        return "library hardening, or code that cannot be reached";
    // UD1 kind(%eax), %eax, without a displacement for kind 0: Clang's -fsanitize-trap, whose kinds are
    // clang::CodeGen::SanitizerHandler in Clang 19.
    if (code[0] != 0x67 || code[1] != 0x0f || code[2] != 0xb9 || (code[3] != 0x40 && code[3] != 0x00))
        return nullptr;
    auto const kind = code[3] == 0x40 ? code[4] : std::uint8_t{0};
    static constexpr std::array<const char*, 25> kinds{
        "signed overflow in an addition",
        "unreachable code",
        "control-flow integrity",
        "division by zero, or its overflow",
        "dynamic type",
        "floating-point conversion overflow",
        "function type mismatch",
        "implicit conversion changes the value",
        "invalid use of a builtin",
        "invalid cast",
        "load of a value that its type does not have",
        "a function ends without its value",
        "signed overflow in a multiplication",
        "overflow of a negation",
        "null argument",
        "null result",
        "null argument",
        "null result",
        "index out of bounds",
        "pointer overflow",
        "shift out of range",
        "signed overflow in a subtraction",
        "misaligned or null access",
        "broken alignment assumption",
        "array of negative size",
    };
    return kind < kinds.size() ? kinds[kind] : "undefined behaviour";
}

} // namespace ovm::arch
