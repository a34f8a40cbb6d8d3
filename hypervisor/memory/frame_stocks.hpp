#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "memory/frame_stock.hpp"
#include "memory/node_frames.hpp"
#include "object/clustered/clustered.hpp"

namespace ovm::memory
{

/// Pages of one node at hand for whoever has the stock; what is handed over goes to the node.
/// Invariant:   each page is one that the node has given out to this stock.
/// Concurrency: one caller at a time, but for count().
/// Failure:     a crossing that is discarded while pages come from the node or go there loses at most a portion; none
///              is ever in two places.
class Pages_at_hand final
{
public:
    static constexpr std::uint32_t most = 32;
    static constexpr std::uint32_t portion = most / 2; ///< that it gets from the node or gives it at once

    explicit Pages_at_hand(Node_frames& frames) : frames_(frames) {}
    ~Pages_at_hand() { give_all(); }
    Pages_at_hand(const Pages_at_hand&) = delete;
    Pages_at_hand& operator=(const Pages_at_hand&) = delete;

    /// Error::no_memory.
    Result<Host_physical> take();
    void give(Host_physical page);
    void give_all();
    Pages count() const { return Pages(count_.load(std::memory_order_relaxed)); }

private:
    Node_frames& frames_;
    std::atomic<std::uint32_t> count_{0};
    std::array<Host_physical, most> pages_{};
};

/// A stock of which each core has one.
/// Concurrency: its core, but for pages().
class Core_stock final : public object::Representative<Frame_stock>
{
public:
    static constexpr std::uint32_t most = Pages_at_hand::most;
    static constexpr std::uint32_t portion = Pages_at_hand::portion;

    Core_stock(Node_frames& frames, Node_id node) : pages_(frames), node_(node) {}

    Result<Host_physical> take() override { return pages_.take(); }
    Result<> give(Host_physical page) override;
    Pages pages(Node_id node) const override { return node == node_ ? pages_.count() : Pages{0}; }
    void merge_into(State&) override { pages_.give_all(); }
    void split_from(State&, std::uint32_t) override {}

private:
    Pages_at_hand pages_;
    Node_id node_;
};

/// A stock for all cores of a node: of each node, or the only one of the machine. Fewer pages lie about, and cores
/// meet in its lock.
/// Concurrency: any core. Failure: Error::unsupported for cores of other nodes.
class Common_stock final : public object::Representative<Frame_stock>
{
public:
    Common_stock(Node_frames& frames, Node_id node) : node_(node), pages_(frames) {}

    Result<Host_physical> take() override;
    Result<> give(Host_physical page) override;
    Pages pages(Node_id node) const override;
    void merge_into(State& state) override;
    void split_from(State&, std::uint32_t) override {}

private:
    Node_id node_;
    mutable Ranked_lock<Rank::frame_stock> lock_;
    Pages_at_hand pages_ OVM_GUARDED_BY(lock_);
};

/// The root of the stocks: partitioned at first; shared and per node where cores have little to do with pages, or there
/// are many cores and few pages. Not replicated, as no page is at two places. Each stock lives in a page of its own, of
/// its node.
/// Concurrency: any core, after open().
/// Lifetime:    as long as the pool whose nodes it serves from.
class Frame_stocks final : private object::Representative_factory<Frame_stock>
{
public:
    using Root = object::Clustered<Frame_stock, Rank::frame_stocks>;

    explicit Frame_stocks(std::span<Node_frames> nodes);

    Result<> open(object::Object_table& table) { return root_.open(table); }
    object::Ref<Frame_stock> reference() const { return root_.reference(); }
    Root& root() { return root_; }

    /// Pages of that node in all stocks.
    Pages pages(Node_id node);

private:
    /// Memory of one node, by the page: the heap asks the pool, so the pool does not ask the heap.
    class Page_storage final : public object::Storage
    {
    public:
        Result<Block> allocate(std::size_t size) override;
        void release(Block block, std::size_t size) override;
        Node_frames* frames = nullptr;
    };

    Result<object::Owned<object::Representative<Frame_stock>>> make(object::Kind kind, Node_id node) override;

    std::span<Node_frames> nodes_;
    std::array<Page_storage, arch::max_nodes> storages_{};
    object::Tombstone<Frame_stock> tombstone_{};
    Root root_{object::Kind::partitioned, *this, tombstone_};
};

} // namespace ovm::memory
