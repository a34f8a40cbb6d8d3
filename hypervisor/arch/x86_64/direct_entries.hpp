#pragma once

#include <atomic>
#include <cstdint>

#include "arch/processor.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

/// How the tree reaches its tables on the machine. A test puts a recorder in its place.
class Direct_entries
{
public:
    static std::uint64_t load(Host_physical table, std::uint64_t index)
    {
        return std::atomic_ref(slot(table, index)).load(std::memory_order_relaxed);
    }
    static void store(Host_physical table, std::uint64_t index, std::uint64_t value)
    {
        std::atomic_ref(slot(table, index)).store(value, std::memory_order_release);
    }

private:
    static std::uint64_t& slot(Host_physical table, std::uint64_t index)
    {
        return reinterpret_cast<std::uint64_t*>(physical_bytes(table, page_size).data())[index];
    }
};

} // namespace ovm::arch
