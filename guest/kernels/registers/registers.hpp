#pragma once

#include <array>
#include <cstdint>

/// Registers that a round loads, holds while interrupts and neighbours come and go, and reads back.
struct Register_file
{
    std::array<uint64_t, 15> general; ///< RAX RCX RDX RBX RBP RSI RDI R8..R15
    uint64_t x87_top;
    alignas(32) std::array<std::array<uint64_t, 4>, 16> vector;
    uint32_t mxcsr;
    uint32_t x87_control;
};
static_assert(sizeof(Register_file) == 672);

/// Loads `in`, spins and, with `halt`, halts until an interrupt, then stores everything to `out`.
/// `wide` says whether the upper halves of the YMM registers are enabled.
extern "C" void guest_hold_registers(const Register_file* in, Register_file* out, uint64_t spins, uint64_t halt,
                                     uint64_t wide);
