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
    Sweeper(Slot_store& store, Core_id core) : store_(store), core_(core) {}
    Sweeper(const Sweeper&) = delete;
    Sweeper& operator=(const Sweeper&) = delete;
    ~Sweeper();

    /// Objects of the other colour than `live` are garbage.
    void begin(std::uint64_t cycle, std::uint64_t live);
    /// Sweeps until nothing is left or the work is used up; true when nothing is left.
    bool run(Budget& budget);

    bool is_done() const { return done_; }
    /// A finaliser runs: it may neither store references nor allocate.
    bool is_finalising() const { return finalising_; }
    /// Of all sweeps so far.
    Bytes freed() const { return freed_; }
    std::uint64_t objects_freed() const { return objects_freed_; }

private:
    class Finalising;

    void open_group(std::size_t group);
    /// Brings the header of a slot that will be swept soon nearer.
    void look_ahead();
    /// Credits what was freed of a quota, before another one's turn.
    void settle(Quota* next);
    void free(Heap_page& page, std::size_t slot, Object_header& header, Budget& budget);
    void finalise(Object_header& header, const Object_type& type, Budget& budget);

    Slot_store& store_;
    Core_id core_;
    std::uint64_t live_ = 0;
    bool done_ = true;
    bool finalising_ = false;
    Heap_page* page_ = nullptr;
    std::size_t group_ = 0;
    std::uint64_t unseen_ = 0; ///< slots of the group
    std::uint64_t ahead_ = 0;  ///< those of them that were not looked ahead to
    Quota* quota_ = nullptr;
    std::int64_t credit_ = 0;
    Bytes freed_{};
    std::uint64_t objects_freed_ = 0;
};

} // namespace ovm::object
