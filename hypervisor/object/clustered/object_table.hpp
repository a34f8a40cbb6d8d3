#pragma once

#include <array>
#include <cstdint>

#include "arch/core_window.hpp"
#include "arch/lock.hpp"
#include "base/result.hpp"

namespace ovm::object
{

/// Which entries of the object table are taken; the entries themselves are in every core's window.
/// Concurrency: lock_. Lifetime: as long as the machine. Failure: Error::full.
class Object_table
{
public:
    Object_table() = default;
    Object_table(const Object_table&) = delete;
    Object_table& operator=(const Object_table&) = delete;

    /// An entry, which leads to `stand_in` on every core.
    Result<arch::Object_slot> take(void* stand_in);
    /// Requires that no reference of that slot is left.
    void give_back(arch::Object_slot slot);
    std::uint32_t used() const;

private:
    mutable Ranked_lock<Rank::object_table> lock_;
    std::array<std::uint64_t, arch::object_slots / 64> taken_ OVM_GUARDED_BY(lock_){};
    std::size_t next_ OVM_GUARDED_BY(lock_) = 0; ///< word where the search begins
    std::uint32_t used_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::object
