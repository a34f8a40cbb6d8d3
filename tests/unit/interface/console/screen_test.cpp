#include <gtest/gtest.h>

#include "arch/hosted/machine.hpp"
#include "interface/console/console.hpp"
#include "interface/platform/device_fakes.hpp"

namespace ovm::interface::test
{

namespace
{

class Silent_port final : public Serial_port
{
public:
    bool try_write(std::uint8_t) override { return true; }
};

class Nobody final : public Console_owner
{
public:
    void stop_requested() override {}
    void command_entered(std::string_view) override {}
};

} // namespace

TEST(Console_screen, ShowsLogAndAnnouncementsWhateverIsInFocus)
{
    arch::hosted::reset();
    static_cast<void>(arch::hosted::take_screen_output());
    Silent_port person;
    Silent_port program;
    Fake_timers timers;
    Nobody owner;
    Console console{person, program, timers, owner, {}};
    Guest_terminal terminal{console, Vm_id(1), "one"};
    EXPECT_TRUE(console.attach(terminal)); // it has the focus: the log is not on COM1
    console.log_line("2 cores");
    console.announce("the guest has ended");
    EXPECT_TRUE(terminal.put('x'));
    EXPECT_EQ(arch::hosted::take_screen_output(), "ovm: 2 cores\n[ovm] the guest has ended\n");
}

} // namespace ovm::interface::test
