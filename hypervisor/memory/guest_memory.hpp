#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "arch/lock.hpp"
#include "arch/nested_table.hpp"
#include "memory/frames.hpp"
#include "memory/large_page_map.hpp"
#include "memory/population.hpp"

namespace ovm::memory
{

/// Where a VM's RAM lies, as a PC has it: below 3 GiB, and the rest from 4 GiB on; devices live between.
struct Guest_ram
{
    Range<Guest_physical> low{};
    Range<Guest_physical> high{};

    static constexpr Bytes low_end{std::uint64_t{3} << 30};
    static constexpr Bytes high_begin{std::uint64_t{4} << 30};

    static constexpr Guest_ram of(Bytes size)
    {
        auto const low = size < low_end ? size : low_end;
        return {{Guest_physical{0}, low}, {Guest_physical(high_begin.value()), size - low}};
    }
    constexpr bool contains(Guest_physical at) const { return low.contains(at) || high.contains(at); }
    constexpr const Range<Guest_physical>& around(Guest_physical at) const { return low.contains(at) ? low : high; }
};

/// Maps guest-physical to host-physical pages of one VM, and reads and writes its memory.
/// Invariant:   no entry names a frame that this VM does not own; a frame is cleared before an entry names it.
/// Concurrency: translate(), read() and write() lock-free; populating holds lock_.
/// Lifetime:    destroyed after the last vcpu has left and its translation tags are given up; all frames go back then,
///              those that release_some() has not given back before.
/// Failure:     Error::no_memory, state unchanged; Error::not_found where there is no RAM.
class Guest_memory final : private arch::Table_pages
{
public:
    /// `size` is a multiple of 4 KiB, at most 500 GiB.
    static Result<> check(Bytes size);

    /// `owner` is the VM, whom the frames are for.
    Guest_memory(Frame_allocator& frames, Node_id node, Bytes size, Population& population, Vm_id owner = no_owner);
    ~Guest_memory();
    Guest_memory(const Guest_memory&) = delete;
    Guest_memory& operator=(const Guest_memory&) = delete;

    /// Makes the root of the tables. To be called once, first.
    Result<> open();

    Host_physical root() const;
    const Guest_ram& ram() const { return ram_; }
    Bytes size() const { return size_; }
    /// Frames given so far, tables included.
    Pages used() const { return Pages(used_.load(std::memory_order_relaxed)); }

    /// Error::not_present: not there yet, or no RAM. One load in large pages, three in small ones.
    Result<Host_physical> translate(Guest_physical at) const
    {
        auto const distance = large_pages_.distance(at);
        if (distance != Large_page_map::none) [[likely]]
            return Host_physical(at.value() + distance);
        return walk(at);
    }

    /// Makes the 4 KiB at `at` present, and as many around it as the population says and memory allows.
    /// Error::not_found where there is no RAM.
    Result<> populate(Guest_physical at);
    /// A slice of giving all that is not there yet, in which at most `budget` bytes (at least a page) are cleared: at
    /// any time, before the VM runs or while it does, however much was touched. True when everything is there.
    Result<bool> populate_some(Bytes budget);
    /// A slice as long as the population wants it. True when it wants no more: the rest is left to touches, until
    /// another population comes. Error::busy: try again.
    Result<bool> populate_step();
    Population_progress progress() const;
    /// Gives all frames back, in slices of about `pages` pages. True when nothing is left: the object is only good for
    /// its destructor then. Requires what destruction requires.
    bool release_some(std::uint64_t pages);

    /// Copies; pages that are not there yet are made. Error::not_found where a byte lies outside of RAM: then nothing
    /// is promised of what lies before it.
    Result<> read(Guest_physical at, std::span<std::uint8_t> into);
    Result<> write(Guest_physical at, std::span<const std::uint8_t> from);

    /// Little-endian integers of 1, 2, 4 or 8 bytes.
    Result<std::uint64_t> load(Guest_physical at, unsigned size);
    Result<> store(Guest_physical at, unsigned size, std::uint64_t value);

    /// What is mapped at `at`.
    std::optional<arch::Nested_leaf> find(Guest_physical at) const;
    /// Makes the large page at `at` into 512 smaller ones, each of its own frame. Error::not_present, Error::invalid
    /// (of 4 KiB already), Error::no_memory.
    Result<> split(Guest_physical at);
    /// Takes the page at `at` away from the guest; the tables no longer name it. The frame still belongs to the
    /// caller's flush protocol (Withdrawal), and goes back by give_back() when every vcpu has flushed.
    std::optional<arch::Nested_leaf> remove(Guest_physical at);
    void give_back(const arch::Nested_leaf& leaf);

private:
    Result<Host_physical> take() override;
    void give(Host_physical page) override;
    /// A block on its way to the guest: given out, partly cleared, not mapped yet.
    struct Filling
    {
        Guest_physical at{};
        Host_physical frame{};
        Page_order order{};
        Bytes cleared{};
    };

    Result<Host_physical> walk(Guest_physical at) const;
    Guest_physical end_of_ram() const { return ram_.high.size == Bytes{0} ? ram_.low.end() : ram_.high.end(); }
    Result<> touch_locked(Guest_physical page) OVM_REQUIRES(lock_);
    Result<Bytes> ask_ahead();
    Population_progress progress_locked() const OVM_REQUIRES(lock_);
    Result<> begin_filling_locked() OVM_REQUIRES(lock_);
    Result<> end_filling_locked() OVM_REQUIRES(lock_);
    bool skip_hole_locked() OVM_REQUIRES(lock_);
    void drop_filling_locked() OVM_REQUIRES(lock_);
    void count(Page_order order) { used_.fetch_add(std::uint64_t{1} << order.value(), std::memory_order_relaxed); }
    void discount(Page_order order) { used_.fetch_sub(std::uint64_t{1} << order.value(), std::memory_order_relaxed); }
    Result<Host_physical> make_present(Guest_physical at);
    /// The bytes from `at` to the end of its page, at most `most`.
    Result<std::span<std::uint8_t>> window(Guest_physical at, std::size_t most);

    Frame_allocator& frames_;
    Node_id node_;
    Vm_id owner_;
    Bytes size_;
    Guest_ram ram_;
    Population& population_;
    mutable Ranked_lock<Rank::guest_memory> lock_;
    std::optional<arch::Nested_table> table_{};
    Large_page_map large_pages_{};
    std::atomic<std::uint64_t> used_{0};            ///< pages
    std::atomic<std::uint64_t> given_{0};           ///< of these, those of RAM
    Guest_physical cursor_ OVM_GUARDED_BY(lock_){}; ///< up to here everything is given
    std::optional<Filling> filling_ OVM_GUARDED_BY(lock_){};
    Guest_physical released_{}; ///< up to here everything went back
};

} // namespace ovm::memory
