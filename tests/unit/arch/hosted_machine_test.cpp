#include <thread>

#include <gtest/gtest.h>

#include "arch/hosted/machine.hpp"
#include "arch/lock.hpp"
#include "arch/serial.hpp"

namespace ovm::arch
{

TEST(Hosted_machine, clock_moves_only_when_told)
{
    hosted::reset();
    EXPECT_EQ(time_stamp(), Ticks(0));
    hosted::advance(Nanoseconds(1500));
    EXPECT_EQ(to_nanoseconds(time_stamp()), Nanoseconds(1500));
    hosted::tick_on_each_look(Ticks(10));
    EXPECT_LT(time_stamp(), time_stamp());
}

TEST(Hosted_machine, timer_wakes_the_core_that_sleeps)
{
    hosted::reset(2);
    std::thread sleeper(
        []
        {
            hosted::become_core(Core_id(1));
            set_timer(Ticks(100));
            wait_for_interrupt();
        });
    while (!hosted::timer(Core_id(1)))
        std::this_thread::yield();
    hosted::set_time(Ticks(100));
    sleeper.join();
    EXPECT_FALSE(hosted::timer(Core_id(1)));
}

TEST(Hosted_machine, kicks_are_recorded_and_wake)
{
    hosted::reset(2, 2);
    kick(Core_id(1));
    kick(Core_id(1));
    EXPECT_EQ(hosted::kicks(Core_id(1)), 2);
    std::thread(
        []
        {
            hosted::become_core(Core_id(1));
            EXPECT_EQ(this_core(), Core_id(1));
            wait_for_interrupt();
        })
        .join();
    EXPECT_EQ(node_of(Core_id(1)), Node_id(1));
}

TEST(Hosted_machine, memory_is_zero_after_reset_and_bounded)
{
    hosted::reset();
    auto const bytes = physical_bytes(Host_physical(0x10'0000), Bytes(4096));
    bytes[0] = 7;
    hosted::reset();
    EXPECT_EQ(physical_bytes(Host_physical(0x10'0000), Bytes(4096))[0], 0);
    EXPECT_DEATH(static_cast<void>(physical_bytes(Host_physical(hosted::memory_size.value()), Bytes(1))),
                 "precondition");
    EXPECT_EQ(free_memory().size(), 1);
}

TEST(Hosted_machine, serial_output_and_keys)
{
    class Receiver final : public Serial_receiver
    {
    public:
        void received(Serial line, std::uint8_t byte) override { last[static_cast<std::size_t>(line)] = byte; }
        std::array<std::uint8_t, 2> last{};
    } receiver;
    hosted::reset();
    listen_serial(Serial::terminal, receiver);
    listen_serial(Serial::records, receiver);
    hosted::press_key('k');
    EXPECT_EQ(receiver.last[0], 'k');
    hosted::press_key('r', Serial::records);
    EXPECT_EQ(receiver.last[1], 'r');
    write_serial("line");
    hosted::limit_output(1);
    EXPECT_TRUE(try_write_serial(Serial::records, 'r'));
    EXPECT_FALSE(try_write_serial(Serial::records, 's'));
    EXPECT_EQ(hosted::take_terminal_output(), "line");
    EXPECT_EQ(hosted::take_record_output(), "r");
}

TEST(Lock, refuses_a_rank_that_is_not_above_those_held)
{
    hosted::reset();
    Ranked_lock<Rank::machine> low;
    Ranked_lock<Rank::log> high;
    {
        Lock_guard const first(low);
        Lock_guard const second(high);
    }
    EXPECT_EQ(core_window().held_ranks, 0U);
    EXPECT_DEATH(
        {
            Lock_guard const second(high);
            Lock_guard const first(low);
        },
        "precondition");
}

} // namespace ovm::arch
