#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "object/collector/heap_page.hpp"
#include "object/collector/page_source.hpp"
#include "object/collector/size_classes.hpp"

namespace ovm::object
{

/// One core's pages, by size class, and which of them a sweep has still to go through.
/// Invariant:   a page is in one list, or open for allocation, or with the sweeper. Until a page is swept, what is born
///              in it is marked; a page that is made meanwhile holds nothing but what is born marked, and counts as
///              swept.
/// Concurrency: its core.
/// Lifetime:    gives all its pages back at its end; objects in them are not finalised.
/// Failure:     Error::no_memory when the source has no page.
class Slot_store
{
public:
    Slot_store(Page_source& source, Core_id core) : source_(source), core_(core) {}
    Slot_store(const Slot_store&) = delete;
    Slot_store& operator=(const Slot_store&) = delete;
    ~Slot_store();

    /// The open slots of a class, perhaps none: refill().
    Free_slots& open(std::size_t size_class) { return classes_[size_class].open; }
    /// Opens slots of that class, for an object of `charged` bytes and that quota.
    Result<> refill(Quota& quota, std::size_t size_class, std::size_t charged);

    /// From now on objects are born marked. All pages of now are to be swept in collection `cycle`, when it has marked.
    void begin_mark(std::uint64_t cycle);
    /// A page to sweep, which is the sweeper's until put_swept(); null when there is none left.
    Heap_page* next_unswept();
    void put_swept(Heap_page& page);
    /// A page to sweep right before slots of that class are opened, with nothing apart in it. Null when there is none,
    /// or the class has slots. Ends with put_swept(), too.
    Heap_page* next_wanted(std::size_t size_class);
    /// Pages that are still to be swept.
    std::uint64_t unswept() const { return unswept_; }

    /// Slots ever given to objects. Counted by groups, as it is asked seldom and slots are taken often.
    std::uint64_t taken() const;
    /// Pages held, those that are kept for later included.
    Pages pages() const { return Pages(pages_); }

private:
    /// Empty pages that are kept, so that a size class in use does not go to the source each time.
    static constexpr std::size_t most_kept = 16;

    class List
    {
    public:
        void push(Heap_page& page);
        Heap_page* pop();
        bool empty() const { return first_ == nullptr; }
        void append(List& other); ///< which is empty then; requires that this one is, too

    private:
        Heap_page* first_ = nullptr;
    };

    struct Size_class
    {
        Free_slots open{};
        Heap_page* page = nullptr; ///< that the open slots are of
        std::size_t group = 0;
        List available{};
        List full{};
        List unswept_available{};
        List unswept_full{};
    };

    void open_group(Size_class& in, std::size_t group);
    Result<> open_page(Size_class& in, Heap_page& page, Quota& quota);
    void close_page(Size_class& in);
    Result<Heap_page*> new_page(std::size_t size_class, std::size_t charged);
    void release(Heap_page& page);
    void give_back(Heap_page& page);

    Page_source& source_;
    Core_id core_;
    std::uint64_t cycle_ = 0;                 ///< of the last mark that began
    std::size_t sweeping_ = size_class_count; ///< size class that the sweep is at
    std::uint64_t in_use_ = 0;                ///< heap pages, each of one page or more, without those kept
    std::uint64_t unswept_ = 0;
    std::uint64_t pages_ = 0;
    std::uint64_t opened_ = 0; ///< slots, ever, without those that were closed unused
    std::size_t kept_ = 0;
    List empty_{};
    std::array<Size_class, size_class_count> classes_{};
};

} // namespace ovm::object
