#include "memory/guest_memory.hpp"

#include <algorithm>

#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "arch/raw_bytes.hpp"
#include "base/bits.hpp"
#include "memory/frame_loan.hpp"

namespace ovm::memory
{

namespace
{

constexpr Bytes largest_guest{std::uint64_t{500} << 30};

} // namespace

Result<> Guest_memory::check(Bytes size)
{
    if (size == Bytes{0} || size > largest_guest || size.value() % page_size.value() != 0)
        return Error::invalid;
    return {};
}

Guest_memory::Guest_memory(Frame_allocator& frames, Node_id node, Bytes size, Population& population, Vm_id owner)
    : frames_(frames), node_(node), owner_(owner), size_(size), ram_(Guest_ram::of(size)), population_(population)
{
}

Guest_memory::~Guest_memory()
{
    while (!release_some(~std::uint64_t{0}))
        continue;
}

bool Guest_memory::release_some(std::uint64_t pages)
{
    Lock_guard const guard(lock_);
    drop_filling_locked();
    used_.fetch_sub(large_pages_.size().value(), std::memory_order_relaxed);
    large_pages_.close(frames_);
    if (!table_)
        return true;
    if (!table_->release_some(released_, pages, [this](const arch::Nested_leaf& leaf) { give_back(leaf); }))
        return false;
    table_.reset();
    return true;
}

Result<> Guest_memory::open()
{
    auto table = arch::Nested_table::create(*this);
    if (!table)
        return table.error();
    table_ = *table;
    OVM_TRY(large_pages_.open(frames_, node_, end_of_ram()));
    used_.fetch_add(large_pages_.size().value(), std::memory_order_relaxed);
    return {};
}

Result<Host_physical> Guest_memory::walk(Guest_physical at) const
{
    return table_->translate(at);
}

Host_physical Guest_memory::root() const
{
    OVM_REQUIRES_THAT(table_.has_value());
    return table_->root();
}

Result<Host_physical> Guest_memory::take()
{
    Frame_loan page(frames_, OVM_TRY(frames_.allocate_for(owner_, small_order, node_)), small_order);
    arch::fill(arch::physical_bytes(page.frame(), page_size), 0);
    count(small_order);
    return page.keep();
}

void Guest_memory::give(Host_physical page)
{
    discount(small_order);
    frames_.release(page, small_order);
}

void Guest_memory::give_back(const arch::Nested_leaf& leaf)
{
    Page_order const order(static_cast<std::uint8_t>(leaf.order));
    discount(order);
    given_.fetch_sub(std::uint64_t{1} << order.value(), std::memory_order_relaxed);
    frames_.release(leaf.frame, order);
}

Result<> Guest_memory::touch_locked(Guest_physical page)
{
    Frame_loan frame(frames_, OVM_TRY(frames_.allocate_for(owner_, small_order, node_)), small_order);
    arch::fill(arch::physical_bytes(frame.frame(), page_size), 0);
    arch::injection_point("guest memory: before a touched page is mapped");
    OVM_TRY(table_->map(page, frame.frame(), 0, {}));
    arch::Commit_section const owned;
    frame.keep();
    count(small_order);
    given_.fetch_add(1, std::memory_order_relaxed);
    return {};
}

Result<> Guest_memory::populate(Guest_physical at)
{
    if (!ram_.contains(at))
        return Error::not_found;
    auto const page = at.align_down(page_size);
    Lock_guard const guard(lock_);
    if (table_->translate(page))
        return {}; // another vcpu was first
    // A touch waits for no policy: while that is being replaced, it gets its page.
    auto const more = population_.touched(page).value_or(Neighbours{});
    arch::injection_point("guest memory: before a touched page is taken");
    OVM_TRY(touch_locked(page));
    if (more == Neighbours{})
        return {};
    for (auto other = page - to_bytes(Pages(more.before)); other != page + to_bytes(Pages(more.behind + 1u));
         other += page_size)
    {
        if (ram_.contains(other) && !table_->translate(other) && !touch_locked(other))
            break; // nobody asked for it
    }
    return {};
}

bool Guest_memory::skip_hole_locked()
{
    if (ram_.contains(cursor_))
        return true;
    if (cursor_ >= ram_.high.begin || ram_.high.size == Bytes{0})
        return false;
    cursor_ = ram_.high.begin;
    return true;
}

Result<> Guest_memory::begin_filling_locked()
{
    auto const& range = ram_.around(cursor_);
    auto const largest = OVM_TRY(population_.largest());
    for (auto const order : {huge_order, large_order, small_order})
    {
        if ((order > largest && order != small_order) || !cursor_.is_aligned(size_of(order)) ||
            !range.contains(cursor_, size_of(order)) || !table_->has_room(cursor_, order.value()))
            continue;
        auto const frame = frames_.allocate_for(owner_, order, node_);
        if (!frame && frame.error() == Error::no_memory && order != small_order)
            continue;
        filling_ = Filling{cursor_, OVM_TRY(frame), order, Bytes{0}};
        return {};
    }
    OVM_UNREACHABLE("RAM is whole pages of 4 KiB, and nothing was at the cursor");
}

void Guest_memory::drop_filling_locked()
{
    if (!filling_)
        return;
    frames_.release(filling_->frame, filling_->order);
    filling_.reset();
}

Result<> Guest_memory::end_filling_locked()
{
    auto const block = *filling_;
    auto const mapped = table_->map(block.at, block.frame, block.order.value(), {});
    if (!mapped)
    {
        drop_filling_locked();
        if (mapped.error() != Error::exists)
            return mapped.error();
        return {}; // a page inside was touched meanwhile: the rest is filled around it
    }
    arch::Commit_section const owned;
    filling_.reset();
    count(block.order);
    given_.fetch_add(std::uint64_t{1} << block.order.value(), std::memory_order_relaxed);
    large_pages_.add({block.at, block.frame, block.order.value()});
    cursor_ = block.at + size_of(block.order);
    return {};
}

Result<bool> Guest_memory::populate_some(Bytes budget)
{
    constexpr Bytes look{64}; // what passing a page that is there already costs, beside clearing one
    Lock_guard const guard(lock_);
    for (Bytes done{0}; done == Bytes{0} || done < budget;)
    {
        if (!filling_)
        {
            if (!skip_hole_locked())
                return true;
            if (auto const there = table_->find(cursor_))
            {
                cursor_ = there->at + size_of(Page_order(static_cast<std::uint8_t>(there->order)));
                done += look;
                continue;
            }
            OVM_TRY(begin_filling_locked());
        }
        auto& block = *filling_;
        auto const left = size_of(block.order) - block.cleared;
        auto const allowed = done < budget ? align_down((budget - done).value(), page_size.value()) : 0;
        auto const part = std::max(page_size, std::min(left, Bytes(allowed)));
        arch::fill(arch::physical_bytes(block.frame + block.cleared, part), 0);
        block.cleared += part;
        done += part;
        if (block.cleared == size_of(block.order))
            OVM_TRY(end_filling_locked());
    }
    return false;
}

Result<bool> Guest_memory::populate_step()
{
    auto const budget = OVM_TRY(ask_ahead());
    if (budget == Bytes{0})
        return true;
    OVM_TRY(populate_some(budget));
    return false;
}

Result<Bytes> Guest_memory::ask_ahead()
{
    Lock_guard const guard(lock_);
    auto const budget = OVM_TRY(population_.ahead(progress_locked()));
    if (budget == Bytes{0})
        drop_filling_locked();
    return budget;
}

Population_progress Guest_memory::progress() const
{
    Lock_guard const guard(lock_);
    return progress_locked();
}

Population_progress Guest_memory::progress_locked() const
{
    return {.cursor = cursor_,
            .end = end_of_ram(),
            .given = Pages(given_.load(std::memory_order_relaxed)),
            .total = Pages(size_.value() / page_size.value())};
}

std::optional<arch::Nested_leaf> Guest_memory::find(Guest_physical at) const
{
    Lock_guard const guard(lock_);
    return table_->find(at);
}

Result<> Guest_memory::split(Guest_physical at)
{
    Lock_guard const guard(lock_);
    auto const leaf = table_->find(at);
    if (!leaf)
        return Error::not_present;
    OVM_TRY(table_->split(at));
    // A huge page's parts are large pages still.
    if (leaf->order == large_order.value())
        large_pages_.remove(*leaf);
    frames_.split(leaf->frame, Page_order(static_cast<std::uint8_t>(leaf->order)),
                  Page_order(static_cast<std::uint8_t>(leaf->order - 9)));
    return {};
}

Result<std::span<std::uint8_t>> Guest_memory::window(Guest_physical at, std::size_t most)
{
    auto host = translate(at);
    if (!host) [[unlikely]]
        host = OVM_TRY(make_present(at));
    auto const left = page_size - at.offset_in(page_size);
    return arch::physical_bytes(*host, Bytes(std::min<std::uint64_t>(left.value(), most)));
}

Result<Host_physical> Guest_memory::make_present(Guest_physical at)
{
    OVM_TRY(populate(at));
    return translate(at);
}

Result<> Guest_memory::read(Guest_physical at, std::span<std::uint8_t> into)
{
    while (!into.empty())
    {
        auto const part = OVM_TRY(window(at, into.size()));
        std::ranges::copy(part, into.begin());
        into = into.subspan(part.size());
        at += Bytes(part.size());
    }
    return {};
}

Result<> Guest_memory::write(Guest_physical at, std::span<const std::uint8_t> from)
{
    while (!from.empty())
    {
        auto const part = OVM_TRY(window(at, from.size()));
        std::ranges::copy(from.first(part.size()), part.begin());
        from = from.subspan(part.size());
        at += Bytes(part.size());
    }
    return {};
}

Result<std::uint64_t> Guest_memory::load(Guest_physical at, unsigned size)
{
    OVM_REQUIRES_THAT(size <= 8);
    auto const part = OVM_TRY(window(at, size));
    if (part.size() == size) [[likely]]
        return arch::load_number(part, size);
    std::array<std::uint8_t, 8> bytes{};
    OVM_TRY(read(at, std::span(bytes).first(size)));
    return arch::load_number(bytes, size);
}

Result<> Guest_memory::store(Guest_physical at, unsigned size, std::uint64_t value)
{
    OVM_REQUIRES_THAT(size <= 8);
    auto const part = OVM_TRY(window(at, size));
    if (part.size() == size) [[likely]]
    {
        arch::store_number(part, size, value);
        return {};
    }
    std::array<std::uint8_t, 8> bytes{};
    arch::store_number(bytes, size, value);
    return write(at, std::span<const std::uint8_t>(bytes).first(size));
}

std::optional<arch::Nested_leaf> Guest_memory::remove(Guest_physical at)
{
    Lock_guard const guard(lock_);
    auto const leaf = table_->unmap(at);
    if (leaf)
        large_pages_.remove(*leaf);
    return leaf;
}

} // namespace ovm::memory
