#pragma once

#include <cstdint>

#include "base/generate.hpp"
#include "base/result.hpp"

namespace ovm::test
{

/// A clustered counter.
class OVM_FAMILY Tally
{
public:
    struct State
    {
        std::uint64_t count = 0;
    };
    class Stand_in;

    virtual Result<> add(std::uint64_t amount) = 0;
    /// What this core's representative knows.
    virtual Result<std::uint64_t> here() = 0;

protected:
    ~Tally() = default;
};

} // namespace ovm::test

#include "object/clustered/tally_family.generated.hpp"
