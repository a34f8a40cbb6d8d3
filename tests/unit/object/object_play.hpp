#pragma once

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "arch/crossing.hpp"
#include "arch/hosted/machine.hpp"
#include "object/adaptor/core_local_adaptor.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/adaptor/swap.hpp"
#include "object/clustered/change.hpp"
#include "object/clustered/epoch.hpp"
#include "object/collector/collection_job.hpp"
#include "object/interleaving.hpp"
#include "object/local_space.hpp"
#include "object/swapped.hpp"
#include "object/test_heaps.hpp"

namespace ovm::test
{

/// What is broken on purpose, to see that it is found.
enum class Object_sabotage : std::uint8_t
{
    none,
    no_grace,     ///< cores that enter do not say so: every grace period is over at once
    open_gate,    ///< one core is forgotten when references are led elsewhere
    double_effect ///< a call takes effect twice
};

/// Memory that is never given out twice, so that an address tells which object was meant.
class Quarantine final : public object::Storage
{
public:
    Quarantine() = default;
    ~Quarantine()
    {
        for (auto* const block : blocks_)
            std::free(block);
    }
    Quarantine(const Quarantine&) = delete;
    Quarantine& operator=(const Quarantine&) = delete;

    Result<Block> allocate(std::size_t size) override
    {
        auto const rounded = std::bit_ceil(size);
        auto* const block = std::memset(std::aligned_alloc(rounded, rounded), 0, rounded);
        blocks_.push_back(block);
        return Block{{}, block};
    }
    void release(Block, std::size_t) override {}

private:
    std::vector<void*> blocks_{};
};

/// Cores that call objects while others swap their policies, change their kinds, migrate their parts, destroy them and
/// make them again, and while calls end in faults: a policy that all call, one of which each core has its own, and a
/// clustered object. What a core has loaded it uses some steps later. Policies are collected all the while.
class Object_play final : public Interleaving, private Watch
{
public:
    Object_play(std::uint32_t cores, std::uint64_t seed, Object_sabotage sabotage);
    ~Object_play();

    /// Everything comes to its end.
    std::string drain();

    struct Counts
    {
        std::uint64_t answered = 0;
        std::uint64_t busy = 0;
        std::uint64_t gone = 0;
        std::uint64_t faults = 0;
        std::uint64_t swaps = 0;
        std::uint64_t changes = 0;
        std::uint64_t lives = 0; ///< of the clustered object
        std::uint64_t collections = 0;
    };
    const Counts& counts() const { return counts_; }

private:
    enum class Place : std::uint8_t
    {
        quiescent,
        entered, ///< messages are to be received
        crossing,
    };
    enum class Target : std::uint8_t
    {
        none,
        shared,
        local,
        clustered,
    };

    struct Player final : public object::Policy_holder<Swapped>
    {
        Result<std::uint32_t> exchange(Swapped& next) override;
        void replace(Swapped& next) override;

        Object_play* play = nullptr;
        Core_id core{};
        Place place = Place::quiescent;
        Target target = Target::none;
        Swapped* policy = nullptr; ///< what was loaded
        Tally* tally = nullptr;
        std::uint64_t counted = 0; ///< by its own policy
    };

    /// A call, which a fault may end before or after it took effect.
    struct Call final : public arch::Crossing_body
    {
        void cross() override { answer = tally != nullptr ? tally->add(amount) : policy->add(amount); }
        Tally* tally = nullptr;
        Swapped* policy = nullptr;
        std::uint64_t amount = 0;
        Result<> answer = Error::invalid;
    };

    enum class Fault_at : std::uint8_t
    {
        nowhere,
        before,
        after,
    };

    /// Begins whenever it is asked, works as chance will have it.
    struct Random_collection final : object::Collection_policy
    {
        bool should_start(const object::Collection_report&) const override { return true; }
        object::Work owed(const object::Collection_report&) const override { return object::Work(1 + play->below(40)); }
        object::Work longest_slice() const override { return object::Work(40); }
        Object_play* play = nullptr;
    };

    void step() override;
    void check() override;
    void made(const void* object) override;
    void ended(const void* object) override;
    void before_effect() override { fault_at(Fault_at::before); }
    void after_effect() override;
    void fault_at(Fault_at place);

    void act(Player& player);
    void load(Player& player);
    void call(Player& player);
    void answered(Player& player, const Call& call, bool faulted);
    void slice(Player& player);
    void operate(Player& player);
    void begin_swap(object::Adaptor& adaptor, object::Swap& swap, Core_id core);
    void operate_clustered(Core_id core, bool to_the_end);
    void leave(Player& player);
    std::uint64_t& expected(Player& player);
    bool must_be_there(const void* object);
    std::uint32_t core_of_changes() const { return 2 % static_cast<std::uint32_t>(players_.size()); }
    void check_shared();
    void check_local();
    void check_clustered();

    Object_sabotage sabotage_;
    Counts counts_{};
    Quarantine storage_{};
    std::unordered_map<const void*, bool> there_{}; ///< every object that ever was, and whether it is
    Random_collection collection_{};
    std::optional<Test_heaps> heaps_{};
    object::Quota quota_{Bytes(256 << 10)};
    std::vector<std::unique_ptr<object::Local_space>> spaces_{};
    std::vector<std::unique_ptr<object::Collection_job>> collections_{};
    std::vector<Player> players_;
    Fault_at fault_at_ = Fault_at::nowhere;

    object::Object_table table_{};
    Swapped_gate gate_{};
    object::No_state<Swapped> source_{}; ///< no policy fails in here
    Counting_factory factory_{*this};
    object::Shared_adaptor<Swapped> shared_{"shared", {}, quota_, gate_, source_};
    object::Core_local_adaptor<Swapped> local_{"local", {}, quota_};
    object::Swap shared_swap_{};
    object::Swap local_swap_{};
    std::uint64_t shared_count_ = 0;

    object::Tombstone<Tally> tombstone_{};
    Count_factory tally_factory_{storage_, *this};
    std::optional<object::Clustered<Tally>> tally_{};
    object::Ref<Tally> reference_{}; ///< where its owner stores it for all
    object::Change change_{};
    std::uint64_t tally_count_ = 0;
    bool ending_ = false; ///< its end has begun: what it knew is dropped
};

} // namespace ovm::test
