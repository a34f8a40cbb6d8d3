// libFuzzer: the first byte chooses the mode, the rest is code.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::span<const uint8_t> input(data, size);
    if (input.empty())
    {
        return 0;
    }
    const auto mode = static_cast<ovm::arch::instruction::Mode>(input.front() & 3);
    if (const auto wrong = ovm::fuzz::disagreement(input.subspan(1), mode))
    {
        std::fprintf(stderr, "mode %d: %s\n", static_cast<int>(mode), wrong->c_str());
        std::abort();
    }
    return 0;
}
