#include "memory/withdrawal.hpp"

namespace ovm::memory
{

Withdrawal::~Withdrawal()
{
    OVM_REQUIRES_THAT(is_idle() && pages_.empty());
}

Result<Guest_physical> Withdrawal::take(Range<Guest_physical> range)
{
    OVM_REQUIRES_THAT(range.begin.is_aligned(page_size) && range.size.value() % page_size.value() == 0);
    if (!is_idle())
        return Error::busy;
    auto at = range.begin;
    for (std::size_t steps = 0; at < range.end() && steps < capacity && pages_.size() < capacity; ++steps)
    {
        auto const leaf = memory_.find(at);
        if (!leaf)
        {
            at += page_size;
            continue;
        }
        Bytes const size(page_size.value() << leaf->order);
        if (!range.contains(leaf->at, size))
        {
            OVM_TRY(memory_.split(at));
            continue;
        }
        // Only this object removes pages while the VM runs, so what was found is what is removed.
        OVM_TRY(pages_.push_back(*leaf));
        auto const removed = memory_.remove(at);
        OVM_ASSERT(removed.has_value() && removed->frame == leaf->frame);
        at = leaf->at + size;
    }
    return at;
}

Result<> Withdrawal::flush(std::span<Translation_user* const> users)
{
    if (!is_idle())
        return Error::busy;
    // One more than there are, so that an answer from inside of a call cannot end the round too early.
    waiting_.store(static_cast<std::uint32_t>(users.size()) + 1, std::memory_order_seq_cst);
    for (auto* const user : users)
        user->flush_translations();
    flushed();
    return {};
}

bool Withdrawal::flushed()
{
    // The last one gives back before the round counts as over, so that take() never meets half a round.
    auto left = waiting_.load(std::memory_order_acquire);
    OVM_REQUIRES_THAT(left > 0);
    while (left > 1)
    {
        if (waiting_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel))
            return false;
    }
    give_all_back();
    waiting_.store(0, std::memory_order_release);
    return true;
}

void Withdrawal::give_all_back()
{
    for (auto const& page : pages_)
        memory_.give_back(page);
    pages_.clear();
}

} // namespace ovm::memory
