#include "fuzz/loader/try_module.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    ovm::fuzz::try_module({data, size});
    return 0;
}
