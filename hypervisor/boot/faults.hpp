#pragma once

#include <array>
#include <cstdint>

#include "arch/fault.hpp"
#include "arch/lock.hpp"
#include "base/strong.hpp"
#include "base/text.hpp"

namespace ovm::boot
{

/// A fault that OVM survived.
struct Fault_record
{
    Ticks when{};
    Core_id core{};
    arch::Fault fault{};
    arch::Fault_domain domain = arch::Fault_domain::none;
    Vm_id vm{};          ///< of a guest's
    Text<40> resource{}; ///< of a policy's
};

/// The last faults, the latest first.
/// Concurrency: lock_.
class Faults
{
public:
    static constexpr std::size_t depth = 16;

    void add(const Fault_record& record)
    {
        Lock_guard const guard(lock_);
        records_[count_++ % depth] = record;
    }
    std::uint64_t count() const
    {
        Lock_guard const guard(lock_);
        return count_;
    }
    std::size_t kept() const { return count() < depth ? static_cast<std::size_t>(count()) : depth; }
    /// `back` < kept(); 0 is the latest.
    Fault_record get(std::size_t back) const
    {
        Lock_guard const guard(lock_);
        return records_[(count_ - 1 - back) % depth];
    }

private:
    mutable Ranked_lock<Rank::log> lock_;
    std::array<Fault_record, depth> records_ OVM_GUARDED_BY(lock_){};
    std::uint64_t count_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::boot
