#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ovm::object
{

class Collected;

/// References that lie in a row in an object: `count` of them from byte `offset`.
struct Traced_run
{
    std::uint32_t offset = 0;
    std::uint32_t count = 0;
};

/// What the collector knows of a class. One constant for each class (object/collector/allocate.hpp).
struct Object_type
{
    std::string_view name{};
    std::uint32_t size = 0;                 ///< bytes, without the header
    void (*finalise)(Collected&) = nullptr; ///< null where a destructor has nothing to do
    std::span<const Traced_run> traced{};   ///< every reference of the class and its bases

    constexpr std::uint32_t traced_count() const
    {
        std::uint32_t count = 0;
        for (auto const& run : traced)
            count += run.count;
        return count;
    }
};

} // namespace ovm::object
