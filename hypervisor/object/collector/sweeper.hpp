#pragma once

#include <cstdint>

#include "object/collector/slot_store.hpp"
#include "object/collector/work.hpp"

namespace ovm::object
{

/// Frees what a collection has not marked, one core's pages in slices.
/// Concurrency: its core, between crossings, in a commit section; but finalisers, which may fault: then the slice is
///              discarded, and the next one frees the object without another word to it.
class Sweeper
{
public:
    Sweeper(Slot_store& store, Core_id core);
    Sweeper(const Sweeper&) = delete;
    Sweeper& operator=(const Sweeper&) = delete;
    ~Sweeper();

    /// What is not marked is garbage, in the pages that there were when the mark began.
    void begin();
    /// Sweeps until nothing is left or the work is used up; true when nothing is left.
    bool run(Budget& budget);
    /// Before slots of that class are opened: sweeps a few pages of it, until one has some, which are in the cache
    /// then. No finaliser runs.
    void sweep_wanted(std::size_t size_class);
    /// An estimate of what run() has still to do: as much for each page as the sweep before took.
    Work expected() const { return Work(store_.unswept() * work_per_page_); }

    bool is_done() const { return done_; }
    /// A finaliser runs: it may neither store references nor allocate.
    bool is_finalising() const { return finalising_; }
    /// Of all sweeps so far.
    Bytes freed() const { return freed_; }
    std::uint64_t objects_freed() const { return objects_freed_; }

private:
    class Finalising;

    /// Credits what was freed of a quota, before another one's turn.
    void settle(Quota* next);
    void count_freed(Quota& quota, std::uint64_t objects, std::size_t charge);
    void free_apart(Heap_page& page, std::size_t slot, Budget& budget);
    /// Frees what nothing has to be looked at for, and is done with the page.
    void finish(Heap_page& page);
    void finalise(Object_header& header, const Object_type& type, Budget& budget);

    Slot_store& store_;
    Core_id core_;
    bool done_ = true;
    bool finalising_ = false;
    Heap_page* page_ = nullptr;
    Quota* quota_ = nullptr;
    std::int64_t credit_ = 0;
    std::uint64_t work_ = 0;  ///< of this sweep
    std::uint64_t pages_ = 0; ///< that it was for
    std::uint64_t work_per_page_ = 0;
    Bytes freed_{};
    std::uint64_t objects_freed_ = 0;
};

} // namespace ovm::object
