#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"
#include "arch/x86_64/instruction/length_table.hpp"
#include "base/contract.hpp"

namespace ovm::arch::instruction
{

/// Decodes the instruction that starts at bytes[0]; bytes after its end are not looked at.
/// Every proper prefix of an instruction answers `truncated`.
/// Near branches follow AMD: a 66 prefix makes their displacement 16 bits also in 64-bit code (APM, "Jcc", "JMP
/// (Near)"); Intel ignores it there.
/// Undefined opcodes in maps that vendors extend may be given the length that the map's pattern says.
[[nodiscard]] std::expected<Decoded, Decode_error> decode(std::span<const uint8_t> bytes, Mode mode);

OVM_CONTRACT inline std::expected<Decoded, Decode_error> contract_of_decode(std::span<const uint8_t> bytes, Mode mode)
{
    OVM_MODIFIES();
    auto const decoded = OVM_RESULT(decode(bytes, mode));
    OVM_ENSURES(!decoded.has_value() || decoded->lies_in(bytes.size()));
    return decoded;
}

/// As `length`, without its first look.
[[nodiscard]] std::expected<uint8_t, Decode_error> full_length(std::span<const uint8_t> bytes, Mode mode);

/// The length alone. It agrees with `decode` on every instruction that `decode` accepts, and is less strict: it does
/// not refuse wrong operands (a LOCK that is not allowed, MOV to CR1).
[[nodiscard]] inline std::expected<uint8_t, Decode_error> length(std::span<const uint8_t> bytes, Mode mode)
{
    // Most instructions that leave a guest have neither prefixes nor operands: CPUID, RDMSR, WRMSR and RDTSC are two
    // bytes, VMMCALL and RDTSCP three, HLT and OUT DX one. What is `plain` is so in every mode, but for REX prefixes.
    if (bytes.size() >= 3)
    {
        const uint8_t first = bytes[0];
        if (first == 0x0F)
        {
            if (two_byte_lengths[bytes[1]] == Encoding::plain)
            {
                return uint8_t{2};
            }
            if (bytes[1] == 0x01 && bytes[2] >= 0xC0)
            {
                return uint8_t{3};
            }
        }
        else if (one_byte_lengths[first] == Encoding::plain && (first & 0xF0) != 0x40)
        {
            return uint8_t{1};
        }
    }
    return full_length(bytes, mode);
}

/// The offset of the memory operand in its segment, truncated to the address size (APM volume 1, 2.2.4).
/// `registers` are rax to r15 by number, `next_rip` is the address of the following instruction.
/// Requires `decoded.has_memory`. The bit offset that a register operand of BT, BTS, BTR, BTC adds, and the
/// steps of a repeated string instruction, are the caller's.
[[nodiscard]] uint64_t effective_address(const Decoded& decoded, std::span<const uint64_t, 16> registers,
                                         uint64_t next_rip);

/// The offset of a string destination in ES: rDI, truncated to the address size.
[[nodiscard]] uint64_t string_destination_address(const Decoded& decoded, std::span<const uint64_t, 16> registers);

} // namespace ovm::arch::instruction
