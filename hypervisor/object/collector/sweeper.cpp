#include "object/collector/sweeper.hpp"

#include <bit>
#include <utility>

#include "arch/core_window.hpp"
#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "object/collector/quota.hpp"

namespace ovm::object
{

namespace
{

// In units of work: an object freed, a page begun, a page put away (perhaps back to its source), a finaliser.
constexpr std::uint64_t free_work = 2;
constexpr std::uint64_t page_work = 2;
constexpr std::uint64_t put_work = 4;
constexpr std::uint64_t finaliser_work = 4;

} // namespace

/// Out of the slice's commit section, while a finaliser runs. A store of a reference takes the barrier's slow way
/// meanwhile, where it is refused.
class Sweeper::Finalising final : private arch::Undo
{
public:
    Finalising(Sweeper& sweeper, arch::Core_window& window)
        : sweeper_(sweeper), window_(window), recorded_(std::exchange(window.records_deletions, true)),
          sections_(std::exchange(window.commit_sections, 0))
    {
        sweeper_.finalising_ = true;
    }
    ~Finalising()
    {
        window_.commit_sections = sections_;
        undo();
    }
    Finalising(const Finalising&) = delete;
    Finalising& operator=(const Finalising&) = delete;

private:
    void undo() override
    {
        sweeper_.finalising_ = false;
        window_.records_deletions = recorded_;
    }

    Sweeper& sweeper_;
    arch::Core_window& window_;
    bool recorded_;
    std::uint32_t sections_;
};

Sweeper::~Sweeper()
{
    if (page_ != nullptr)
        store_.put_swept(*page_); // back to who gives it back
}

void Sweeper::begin(std::uint64_t cycle, std::uint64_t live)
{
    OVM_REQUIRES_THAT(done_ && page_ == nullptr);
    live_ = live;
    done_ = false;
    store_.begin_sweep(cycle);
}

bool Sweeper::run(Budget& budget)
{
    while (!done_ && !budget.is_spent())
    {
        if (page_ == nullptr)
        {
            page_ = store_.next_unswept();
            budget.spend(page_work);
            done_ = page_ == nullptr;
            if (!done_)
                open_group(0);
            continue;
        }
        while (unseen_ != 0 && !budget.is_spent())
        {
            auto const slot = group_ * 64 + static_cast<std::size_t>(std::countr_zero(unseen_));
            look_ahead();
            budget.spend(1);
            auto& header = page_->object(slot);
            if (!header.has_colour(live_))
                free(*page_, slot, header, budget);
            unseen_ &= unseen_ - 1; // at last: a finaliser may have ended the slice
        }
        if (unseen_ != 0)
            break;
        if (group_ + 1 < Heap_page::groups)
        {
            open_group(group_ + 1);
            continue;
        }
        store_.put_swept(*page_);
        page_ = nullptr;
        budget.spend(put_work);
    }
    settle(nullptr);
    return done_;
}

void Sweeper::open_group(std::size_t group)
{
    group_ = group;
    unseen_ = ahead_ = page_->occupied(group);
    for (int i = 0; i < 6; ++i)
        look_ahead();
}

void Sweeper::look_ahead()
{
    if (ahead_ == 0)
        return;
    page_->prefetch_object(group_ * 64 + static_cast<std::size_t>(std::countr_zero(ahead_)));
    ahead_ &= ahead_ - 1;
}

void Sweeper::settle(Quota* next)
{
    if (quota_ != nullptr)
        quota_->credit(core_, std::exchange(credit_, 0));
    quota_ = next;
}

void Sweeper::free(Heap_page& page, std::size_t slot, Object_header& header, Budget& budget)
{
    budget.spend(free_work);
    if (auto const* const type = header.type(); type != nullptr && type->finalise != nullptr)
        finalise(header, *type, budget);
    auto const size = page.size_class() == large_class ? to_bytes(page.pages()).value() : page.slot_size();
    if (&header.quota() != quota_)
        settle(&header.quota());
    credit_ += static_cast<std::int64_t>(size);
    freed_ += Bytes(size);
    ++objects_freed_;
    page.free(slot);
}

void Sweeper::finalise(Object_header& header, const Object_type& type, Budget& budget)
{
    // What it refers to may be gone already: a finaliser finds its references empty.
    for (auto const& run : type.traced)
    {
        budget.spend(run.count);
        for (std::uint32_t i = 0; i < run.count; ++i)
            reference_at(header, run, i).store(nullptr, std::memory_order_relaxed);
    }
    budget.spend(finaliser_work);
    header.forget_type();
    Finalising const scope(*this, arch::core_window());
    arch::injection_point("sweep: in a finaliser");
    type.finalise(object_of(header));
}

} // namespace ovm::object
