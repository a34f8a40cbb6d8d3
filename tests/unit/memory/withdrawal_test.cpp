#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "memory/withdrawal.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;

/// A processor with a translation buffer, which no emulator shows: what it once walked it may use until it flushes.
class Recorded_vcpu final : public Translation_user
{
public:
    explicit Recorded_vcpu(Guest_memory& memory) : memory_(memory) {}

    void touch(Guest_physical at)
    {
        if (auto const host = memory_.translate(at))
            buffer_[at.align_down(page_size).value()] = host->align_down(page_size).value();
    }
    void flush_translations() override { ++asked; }

    /// It leaves the guest, flushes, and says so.
    void obey(Withdrawal& withdrawal)
    {
        buffer_.clear();
        --asked;
        withdrawal.flushed();
    }
    bool reaches(Host_physical frame, Bytes size) const
    {
        for (auto const& [at, host] : buffer_)
        {
            if (Range<Host_physical>{frame, size}.contains(Host_physical(host)))
                return true;
        }
        return false;
    }

    int asked = 0;

private:
    Guest_memory& memory_;
    std::map<std::uint64_t, std::uint64_t> buffer_;
};

/// Watches what goes back to the allocator.
class Recorded_frames final : public Frame_allocator
{
public:
    Recorded_frames()
    {
        arch::hosted::reset();
        EXPECT_TRUE(
            pool_.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{255 << 20}}}));
    }
    Result<Host_physical> allocate_for(Vm_id owner, Page_order order, Node_id near) override
    {
        return frames_.allocate_for(owner, order, near);
    }
    void split(Host_physical frame, Page_order from, Page_order to) override { frames_.split(frame, from, to); }
    void release(Host_physical frame, Page_order order) override
    {
        for (auto const& vcpu : vcpus)
        {
            if (vcpu->reaches(frame, size_of(order)))
                ++violations;
        }
        frames_.release(frame, order);
    }
    Pages free() const override { return frames_.free(); }

    std::vector<std::unique_ptr<Recorded_vcpu>> vcpus;
    int violations = 0;

private:
    Frame_pool pool_;
    policy::First_touch_allocator frames_{pool_};
};

class Withdrawal_test : public testing::Test
{
protected:
    Withdrawal_test()
    {
        EXPECT_TRUE(memory_.open());
        while (!memory_.populate_some(Bytes{4 << 20}).value())
            continue;
        for (int i = 0; i < 4; ++i)
        {
            frames_.vcpus.push_back(std::make_unique<Recorded_vcpu>(memory_));
            users_.push_back(frames_.vcpus.back().get());
        }
    }
    ~Withdrawal_test() override { frames_.vcpus.clear(); }

    Recorded_frames frames_;
    policy::Eager_population eager_;
    Guest_memory memory_{frames_, Node_id{0}, Bytes{64 << 20}, eager_};
    std::vector<Translation_user*> users_;
};

TEST_F(Withdrawal_test, FramesGoBackWhenTheLastVcpuHasFlushed)
{
    for (auto& vcpu : frames_.vcpus)
        vcpu->touch(Guest_physical{0x40'0000});
    auto const before = frames_.free();
    Withdrawal withdrawal(memory_);
    EXPECT_EQ(withdrawal.take({Guest_physical{0x40'0000}, large_page_size}).value(), Guest_physical{0x60'0000});
    EXPECT_EQ(memory_.translate(Guest_physical{0x40'0000}).error(), Error::not_present);
    ASSERT_TRUE(withdrawal.flush(users_));
    EXPECT_EQ(withdrawal.take({Guest_physical{0}, page_size}).error(), Error::busy);
    EXPECT_EQ(withdrawal.flush(users_).error(), Error::busy);
    for (auto& vcpu : frames_.vcpus)
    {
        EXPECT_EQ(frames_.free(), before);
        EXPECT_EQ(vcpu->asked, 1);
        vcpu->obey(withdrawal);
    }
    EXPECT_EQ(frames_.free(), before + Pages{512});
    EXPECT_TRUE(withdrawal.is_idle());
    EXPECT_EQ(frames_.violations, 0);
}

TEST_F(Withdrawal_test, TheRecorderSeesAMissingFlush)
{
    frames_.vcpus[2]->touch(Guest_physical{0x40'0123});
    auto const leaf = memory_.remove(Guest_physical{0x40'0000});
    ASSERT_TRUE(leaf);
    memory_.give_back(*leaf);
    EXPECT_EQ(frames_.violations, 1);
}

TEST_F(Withdrawal_test, PartsOfLargePagesAreSplit)
{
    auto const before = frames_.free();
    auto const used = memory_.used();
    Withdrawal withdrawal(memory_);
    EXPECT_EQ(withdrawal.take({Guest_physical{0x40'3000}, Bytes{0x2000}}).value(), Guest_physical{0x40'5000});
    ASSERT_TRUE(withdrawal.flush({})) << "no vcpu: back at once";
    EXPECT_EQ(frames_.free(), before + Pages{1}) << "two pages came, one table went";
    EXPECT_EQ(memory_.used() + Pages{1}, used);
    EXPECT_TRUE(memory_.translate(Guest_physical{0x40'2000}));
    EXPECT_FALSE(memory_.translate(Guest_physical{0x40'4fff}));
    EXPECT_TRUE(memory_.translate(Guest_physical{0x40'5000}));
    EXPECT_EQ(memory_.load(Guest_physical{0x40'3000}, 8).value(), 0u) << "it comes back on touch, clear";
}

TEST_F(Withdrawal_test, AnyOrderOfTouchesAndFlushesIsSafe)
{
    std::mt19937_64 random(3);
    Withdrawal withdrawal(memory_);
    int rounds = 0;
    for (int step = 0; step < 20'000; ++step)
    {
        auto& vcpu = *frames_.vcpus[random() % 4];
        Guest_physical const at(random() % (64 << 20));
        switch (random() % 8)
        {
        case 0:
            if (auto const taken = withdrawal.take({at.align_down(page_size), Bytes{(1 + random() % 600) * 4096}}))
            {
                ASSERT_TRUE(withdrawal.flush(users_));
                ++rounds;
            }
            break;
        case 1:
        case 2:
        case 3:
            if (vcpu.asked > 0)
                vcpu.obey(withdrawal);
            break;
        case 4:
            ASSERT_TRUE(memory_.populate(at));
            ASSERT_EQ(memory_.translate(at).value(),
                      memory_.find(at)->frame + at.offset_in(Bytes(4096ull << memory_.find(at)->order)));
            [[fallthrough]];
        default:
            vcpu.touch(at);
            break;
        }
        ASSERT_EQ(frames_.violations, 0) << "step " << step;
    }
    for (auto& vcpu : frames_.vcpus)
    {
        while (vcpu->asked > 0)
            vcpu->obey(withdrawal);
    }
    EXPECT_GT(rounds, 100);
    EXPECT_TRUE(withdrawal.is_idle());
}

} // namespace
