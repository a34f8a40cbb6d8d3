#include "object/collector/sweeper.hpp"

#include <utility>

#include "arch/core_window.hpp"
#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "object/collector/quota.hpp"

namespace ovm::object
{

namespace
{

// In units of work: an object that is looked at and freed, a page begun, a page freed and put away (perhaps back to its
// source), a finaliser.
constexpr std::uint64_t free_work = 3;
constexpr std::uint64_t page_work = 2;
constexpr std::uint64_t put_work = 4;
constexpr std::uint64_t finaliser_work = 4;

constexpr int most_wanted = 4; ///< pages that an allocation sweeps

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

Sweeper::Sweeper(Slot_store& store, Core_id core) : store_(store), core_(core), work_per_page_(page_work + put_work) {}

Sweeper::~Sweeper()
{
    if (page_ != nullptr)
        store_.put_swept(*page_); // back to who gives it back
}

void Sweeper::begin()
{
    OVM_REQUIRES_THAT(done_ && page_ == nullptr);
    done_ = false;
    if (pages_ != 0)
        work_per_page_ = std::exchange(work_, 0) / std::exchange(pages_, 0);
}

bool Sweeper::run(Budget& budget)
{
    auto const before = budget.left();
    while (!done_ && !budget.is_spent())
    {
        if (page_ == nullptr)
        {
            page_ = store_.next_unswept();
            budget.spend(page_work);
            done_ = page_ == nullptr;
        }
        else if (auto const slot = page_->garbage_apart())
            free_apart(*page_, *slot, budget);
        else
        {
            finish(*std::exchange(page_, nullptr));
            budget.spend(put_work);
            ++pages_;
        }
    }
    work_ += before - budget.left();
    settle(nullptr);
    return done_;
}

void Sweeper::sweep_wanted(std::size_t size_class)
{
    if (done_)
        return;
    for (int i = 0; i < most_wanted; ++i)
    {
        auto* const page = store_.next_wanted(size_class);
        if (page == nullptr)
            break;
        finish(*page);
    }
    settle(nullptr);
}

void Sweeper::settle(Quota* next)
{
    if (quota_ != nullptr)
        quota_->credit(core_, std::exchange(credit_, 0));
    quota_ = next;
}

void Sweeper::count_freed(Quota& quota, std::uint64_t objects, std::size_t charge)
{
    auto const bytes = objects * charge;
    if (&quota != quota_)
        settle(&quota);
    credit_ += static_cast<std::int64_t>(bytes);
    freed_ += Bytes(bytes);
    objects_freed_ += objects;
}

void Sweeper::free_apart(Heap_page& page, std::size_t slot, Budget& budget)
{
    budget.spend(free_work);
    auto& header = page.object(slot);
    if (auto const* const type = header.type(); type != nullptr && type->finalise != nullptr)
        finalise(header, *type, budget);
    count_freed(header.quota(), 1, page.charge());
    page.free(slot); // at last: a finaliser may have ended the slice
}

void Sweeper::finish(Heap_page& page)
{
    if (auto const objects = page.free_garbage(); objects != 0)
        count_freed(*page.quota(), objects, page.charge());
    store_.put_swept(page);
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
