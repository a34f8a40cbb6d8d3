#include "policy/frames/frames_fixture.hpp"

/// Every frame policy swapped for every other, and back.
namespace
{

using namespace ovm;
using namespace ovm::memory;
using namespace ovm::policy;

constexpr std::size_t interleave = 1;
constexpr std::uint32_t nodes = 3;

/// Asks for blocks and keeps what the turns must be by now.
class Turns
{
public:
    Turns(Frame_pool& pool, std::uint64_t seed) : pool_(pool), random_(seed) {}

    void ask(Frame_policy& policy, bool takes_turns)
    {
        for (auto steps = random_() % 50; steps > 0; --steps)
        {
            Page_order const order(static_cast<std::uint8_t>(random_() % 4));
            auto const frame =
                Chosen_frames(pool_, policy).allocate(order, Node_id(static_cast<std::uint32_t>(random_() % nodes)));
            ASSERT_TRUE(frame);
            auto& turn = expected[order.value()];
            if (takes_turns)
            {
                ASSERT_EQ(Frames_machine::node_of(*frame), turn);
                turn = (turn + 1) % nodes;
            }
            held_.push_back({*frame, order});
        }
    }
    void give_half()
    {
        for (std::size_t i = held_.size() / 2; i < held_.size(); ++i)
            pool_.release(held_[i].first, held_[i].second);
        held_.resize(held_.size() / 2);
    }
    void give_all()
    {
        for (auto const& [frame, order] : held_)
            pool_.release(frame, order);
        held_.clear();
    }

    std::array<std::uint32_t, page_orders> expected{};

private:
    Frame_pool& pool_;
    std::mt19937_64 random_;
    std::vector<std::pair<Host_physical, Page_order>> held_;
};

TEST(Frame_policies, AnyPairThereAndBackKeepsTheTurnsAndEveryFrame)
{
    for (std::size_t first = 0; first < Frame_policies::kinds; ++first)
        for (std::size_t second = 0; second < Frame_policies::kinds; ++second)
            for (std::uint64_t seed = 1; seed <= 20; ++seed)
            {
                SCOPED_TRACE(testing::Message() << first << " to " << second << ", seed " << seed);
                Frames_machine machine(nodes, Bytes{64 << 20});
                auto const all = machine.pool.free();
                Frame_policies a(machine.pool);
                Frame_policies b(machine.pool);
                Turns turns(machine.pool, seed);
                auto* current = &a.make(first);
                Frame_state begin{};
                ASSERT_TRUE(current->import_state(begin));
                for (int round = 0; round < 3; ++round)
                {
                    for (auto const kind : {first, second})
                    {
                        turns.ask(*current, kind == first ? first == interleave : second == interleave);
                        turns.give_half();
                        Frame_state state{};
                        ASSERT_TRUE(current->export_state(state));
                        EXPECT_EQ(state.turns, turns.expected);
                        // It goes on as if nothing had been, when the swap fails.
                        turns.ask(*current, kind == first ? first == interleave : second == interleave);
                        ASSERT_TRUE(current->export_state(state));
                        current = &(kind == first ? b.make(second) : a.make(first));
                        ASSERT_TRUE(current->import_state(state));
                        EXPECT_EQ(state.lost, Frame_state::none);
                    }
                }
                turns.give_all();
                EXPECT_EQ(machine.pool.free(), all);
            }
}

TEST(Frame_policies, ATurnOfANodeThatIsNotServedIsNamedAsLost)
{
    Frames_machine machine(nodes, Bytes{8 << 20});
    Frames_by<Interleave_frames> all(machine.pool);
    static_cast<void>(all->allocate(small_order, Node_id{0}));
    Frames_by<Interleave_frames> some(machine.pool, {.nodes = 0b101});
    Frame_state state{};
    ASSERT_TRUE(all.policy().export_state(state));
    ASSERT_TRUE(some.policy().import_state(state));
    EXPECT_EQ(state.lost, Frame_state::turn);
    EXPECT_EQ(Frames_machine::node_of(some->allocate(small_order, Node_id{1}).value()), 0u);
    EXPECT_EQ(Frames_machine::node_of(some->allocate(small_order, Node_id{1}).value()), 2u);
}

TEST(Frame_policies, AStateOfAnotherMachineIsRefused)
{
    Frames_machine machine(2, Bytes{8 << 20});
    Frame_policies policies(machine.pool);
    for (std::size_t kind = 0; kind < Frame_policies::kinds; ++kind)
    {
        Frame_state state{};
        state.turns[3] = 2;
        EXPECT_EQ(policies.make(kind).import_state(state).error(), Error::invalid);
    }
}

TEST(Frame_policies, GateAndTombstoneRefuseDecisionsWhileThePoolServesTheRest)
{
    Frames_machine machine(1, Bytes{8 << 20});
    Frames_by<First_touch_frames> frames(machine.pool);
    auto const before = frames->free();
    auto const block = frames->allocate(large_order, Node_id{0}).value();
    object::Gate<Frame_policy> gate_policy;
    object::Tombstone<Frame_policy> gone_policy;
    Chosen_frames gate(machine.pool, gate_policy);
    Chosen_frames gone(machine.pool, gone_policy);
    EXPECT_EQ(gate.allocate(small_order, Node_id{0}).error(), Error::busy);
    EXPECT_EQ(gone.allocate(small_order, Node_id{0}).error(), Error::gone);
    Frame_state state{};
    EXPECT_EQ(gate_policy.export_state(state).error(), Error::busy);
    EXPECT_EQ(gone_policy.import_state(state).error(), Error::gone);
    gate.split(block, large_order, Page_order{8});
    gate.release(block, Page_order{8});
    gone.release(block + size_of(Page_order{8}), Page_order{8});
    EXPECT_EQ(gate.free(), before);
    EXPECT_EQ(gone.free(), before);
}

} // namespace
