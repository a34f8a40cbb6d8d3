#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace ovm::bench
{

/// What one operation touched: cache lines, and which core wrote or only read them.
struct Touched
{
    std::uint64_t line = 0;
    std::uint32_t core = 0;
    bool written = false;
};

/// Runs `body` and returns what the code that is compiled with `-fsanitize=thread` touches meanwhile, which tells this
/// tracer instead of ThreadSanitizer. The hosted port and the stack, which all simulated cores share, are left out.
std::vector<Touched> trace(const std::function<void()>& body);

} // namespace ovm::bench
