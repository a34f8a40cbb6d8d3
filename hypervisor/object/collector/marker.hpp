#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/static_vector.hpp"
#include "object/collector/heap_page.hpp"
#include "object/collector/roots.hpp"
#include "object/collector/work.hpp"

namespace ovm::object
{

/// Marks one core's part of the object graph. An object is white until its owner reaches it, grey until its references
/// were looked at, black from then on: bits of its page, and pages with grey objects are in a list. An object of
/// another core is noted in its page, and the page sent to its owner, so that a mark needs no memory.
/// Concurrency: its core; inbox and counters may be used by any.
class Marker final : public Root_visitor
{
public:
    static constexpr std::size_t most_roots = 16;
    static constexpr std::size_t most_shown = 16; ///< references that a source shows at once

    /// What the end of a mark is found from (Mattern, 1987): counters that only grow, and `activity`, which is odd
    /// while the core has or may make something grey, and grows each time that changes.
    struct Counters
    {
        std::uint64_t activity = 0;
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        bool operator==(const Counters&) const = default;
    };

    /// `markers` are those of all cores, by number.
    using Peers = std::array<Marker*, arch::max_cores>;

    Marker(Core_id core, const Peers& peers) : core_(core), peers_(peers) {}
    Marker(const Marker&) = delete;
    Marker& operator=(const Marker&) = delete;

    void add(Root_source& source) { OVM_ASSERT(roots_.push_back(&source).has_value()); }

    /// The mark of that collection. The core is active until it was idle once in run().
    void begin(std::uint64_t cycle);
    /// Makes a white object grey.
    void shade(Object_header& object);
    /// Looks at roots and grey objects until none is left here or the work is used up. True when nothing is left here.
    bool run(Budget& budget);

    void visit(const Traced_reference& reference) override;

    Counters counters() const
    {
        return {activity_.load(std::memory_order_seq_cst), sent_.load(std::memory_order_seq_cst),
                received_.load(std::memory_order_seq_cst)};
    }
    bool has_messages() const { return inbox_.load(std::memory_order_seq_cst) != nullptr; }
    /// Objects whose references were looked at in this mark.
    std::uint64_t objects_scanned() const { return scanned_; }

private:
    /// Looks at a few of the roots that are left.
    void scan_roots(Budget& budget);
    /// Takes the next grey object; false when there is none.
    bool take_grey();
    void scan_object(Budget& budget);
    /// Takes the next page in which others have found something; false when there is none.
    bool take_posted();
    /// The page has grey objects, and is not in the list.
    void list(Heap_page& page);
    void send(Heap_page& page);
    [[gnu::noinline]] void shade_of_other(Heap_page& page, Object_header& object);
    void become_active();

    Core_id core_;
    const Peers& peers_;
    std::uint64_t cycle_ = 0;
    Heap_page* page_ = nullptr;   ///< whose grey objects are taken now
    Heap_page* grey_ = nullptr;   ///< the other pages with grey objects
    Heap_page* posted_ = nullptr; ///< pages out of the inbox
    Object_header* scanning_ = nullptr;
    std::uint32_t run_ = 0;   ///< of the object that is being scanned
    std::uint32_t index_ = 0; ///< in that run
    std::size_t root_ = 0;
    std::size_t cursor_ = 0;
    std::uint64_t scanned_ = 0;
    Static_vector<Object_header*, most_shown> shown_{}; ///< by a source, and not shaded yet
    Static_vector<Root_source*, most_roots> roots_{};

    alignas(64) std::atomic<Heap_page*> inbox_{nullptr};
    alignas(64) std::atomic<std::uint64_t> activity_{0};
    std::atomic<std::uint64_t> sent_{0};
    std::atomic<std::uint64_t> received_{0};
};

} // namespace ovm::object
