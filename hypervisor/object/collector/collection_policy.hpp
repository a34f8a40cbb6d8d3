#pragma once

#include <cstdint>

#include "base/contract.hpp"
#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/collector/phase.hpp"
#include "object/collector/work.hpp"

namespace ovm::object
{

/// What one core knows when it decides.
struct Collection_report
{
    Phase phase = Phase::idle;
    Bytes occupied{};       ///< by this core's objects, garbage included
    Bytes survived{};       ///< of them, what the last collection left, without what was allocated since its mark
    Bytes allocated{};      ///< on this core since the last mark ended, or the collection began that has not marked yet
    Bytes since_asked{};    ///< on this core since the policy was last asked what is owed
    Bytes headroom{};       ///< what the quota with the least has left, of those charged since the last collection
                            ///< ended; ~0 when none was
    Work expected{};        ///< estimate of what this core has still to do in this collection
    Work unswept{};         ///< of it in a sweep; estimated by the pages that are left
    bool tight = false;     ///< a quota has used half of what it had after the last collection
    bool exhausted = false; ///< an allocation has failed since the last collection began
    bool idle = false;      ///< nobody can run on this core
};

/// What one policy leaves to the next: nothing, as the heaps themselves know what was allocated and what is owed.
struct Collection_state
{
    std::uint32_t lost = 0;
};

/// Policy: when to collect, and how much of it in a slice.
/// Concurrency: one object may serve several cores at once.
class OVM_FAMILY Collection_policy
{
public:
    using State = Collection_state;
    template <typename Way>
    class Forwarder;

    /// Between crossings, now and then while no collection runs.
    virtual bool should_start(const Collection_report& report) const = 0;
    /// How much is owed for what was allocated since this was last asked, while this core has work.
    virtual Work owed(const Collection_report& report) const = 0;
    OVM_CONTRACT Work contract_of_owed(const Collection_report& report) const
    {
        OVM_MODIFIES();
        auto const work = OVM_RESULT(owed(report));
        OVM_ENSURES(work != Work{});
        return work;
    }
    /// The most that is done at once. Crossings are at most 20,000 instructions, slices 5,000.
    virtual Work longest_slice() const = 0;
    static constexpr Work longest_allowed{96};
    OVM_CONTRACT Work contract_of_longest_slice() const
    {
        OVM_MODIFIES();
        auto const longest = OVM_RESULT(longest_slice());
        OVM_ENSURES(longest != Work{} && longest <= longest_allowed);
        return longest;
    }

    virtual Result<> export_state(Collection_state&) { return {}; }
    virtual Result<> import_state(Collection_state&) { return {}; }

protected:
    ~Collection_policy() = default;
};

} // namespace ovm::object

#include "object/collector/collection_policy.generated.hpp"
