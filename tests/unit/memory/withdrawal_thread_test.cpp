#include <gtest/gtest.h>

#include <thread>
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

struct Asked_vcpu final : Translation_user
{
    std::atomic<int> asked{0};
    void flush_translations() override { asked.fetch_add(1); }
};

TEST(Withdrawal_threads, VcpusFlushOnTheirCoresWhileOthersTouch)
{
    constexpr unsigned cores = 2;
    arch::hosted::reset(cores + 1);
    Frame_pool pool;
    policy::First_touch_allocator frames{pool};
    ASSERT_TRUE(pool.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{63 << 20}}}));
    auto const before = frames.free();
    {
        policy::Lazy_population lazy;
        Guest_memory memory(frames, Node_id{0}, Bytes{8 << 20}, lazy);
        ASSERT_TRUE(memory.open());
        Withdrawal withdrawal(memory);
        std::vector<Asked_vcpu> vcpus(cores);
        std::vector<Translation_user*> users;
        for (auto& vcpu : vcpus)
            users.push_back(&vcpu);

        std::atomic<bool> stop{false};
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < cores; ++i)
        {
            threads.emplace_back(
                [&, i]
                {
                    arch::hosted::become_core(Core_id(i + 1));
                    for (std::uint64_t at = i; !stop || vcpus[i].asked > 0; at += 4099)
                    {
                        static_cast<void>(memory.populate(Guest_physical(at % (8 << 20))));
                        static_cast<void>(memory.translate(Guest_physical(at % (8 << 20))));
                        if (vcpus[i].asked > 0)
                        {
                            vcpus[i].asked.fetch_sub(1);
                            withdrawal.flushed();
                        }
                    }
                });
        }
        for (std::uint64_t round = 0; round < 60; ++round)
        {
            ASSERT_TRUE(withdrawal.take({Guest_physical((round * 7 % 100) << 12), Bytes{64 << 12}}));
            ASSERT_TRUE(withdrawal.flush(users));
            while (!withdrawal.is_idle())
                std::this_thread::yield();
        }
        stop = true;
        for (auto& thread : threads)
            thread.join();
    }
    EXPECT_EQ(frames.free(), before);
}

} // namespace
