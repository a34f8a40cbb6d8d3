#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace ovm::bench
{

/// Begins or ends a section whose instructions are counted; outside of count_instructions() it traps.
inline void mark()
{
    asm volatile("int3" ::: "memory");
}

/// Runs `body` in a child process and counts the instructions of each section between two mark()s, by executing it
/// step by step: exact, the same each run, and without a hardware counter. Each count is less what an empty section
/// costs.
std::vector<std::uint64_t> count_instructions(const std::function<void()>& body);

} // namespace ovm::bench
