#include "interface/exit/dispatcher_fixture.hpp"

namespace ovm::interface::test
{

TEST_F(Dispatcher_test, CpuidFillsTheFourRegisters)
{
    set(Register::rax, 0xffff'ffff'0000'0007u);
    set(Register::rcx, 0xffff'ffff'0000'0002u);
    handle({.kind = Exit_kind::cpuid});
    EXPECT_EQ(get(Register::rax), 8u);
    EXPECT_EQ(get(Register::rbx), 3u);
    EXPECT_EQ(get(Register::rcx), 3u);
    EXPECT_EQ(get(Register::rdx), 4u);
    EXPECT_TRUE(advanced());
}

TEST_F(Dispatcher_test, AnMsrIsSplitOverTwoRegisters)
{
    handle({.kind = Exit_kind::msr_read, .msr = 0x10});
    EXPECT_EQ(get(Register::rax), 0x9abc'def0u);
    EXPECT_EQ(get(Register::rdx), 0x1234'5678u);
    EXPECT_TRUE(advanced());
    handle({.kind = Exit_kind::msr_write, .msr = 0x10, .value = 77});
    EXPECT_EQ(answers.written, 77u);
}

TEST_F(Dispatcher_test, AnUnknownMsrIsGeneralProtectionAndNothingMoves)
{
    set(Register::rax, 5);
    set(Register::rcx, 0x11);
    code(code_at, {0x0f, 0x32});
    EXPECT_EQ(exit(exit_code::msr, 0), protection);
    EXPECT_EQ(get(Register::rax), 5u);
    EXPECT_TRUE(advanced(0));
}

TEST_F(Dispatcher_test, AHypercallAnswersInRax)
{
    set(Register::rax, 21);
    handle({.kind = Exit_kind::hypercall});
    EXPECT_EQ(get(Register::rax), 42u);
    EXPECT_TRUE(advanced());
}

TEST_F(Dispatcher_test, ReadsOfAPortKeepWhatTheWidthDoesNotCover)
{
    ASSERT_TRUE(dispatcher.add_ports(0x60, 4, device));
    set(Register::rax, 0xaaaa'aaaa'aaaa'aaaau);
    handle({.kind = Exit_kind::port, .port = {.port = 0x61, .size = 1, .in = true}});
    EXPECT_EQ(get(Register::rax), 0xaaaa'aaaa'aaaa'aa44u);
    handle({.kind = Exit_kind::port, .port = {.port = 0x62, .size = 2, .in = true}});
    EXPECT_EQ(get(Register::rax), 0xaaaa'aaaa'aaaa'3344u);
    handle({.kind = Exit_kind::port, .port = {.port = 0x60, .size = 4, .in = true}});
    EXPECT_EQ(get(Register::rax), 0x1122'3344u) << "a 32-bit result clears the upper half";
    EXPECT_EQ(device.reads, (std::vector<Access>{{0x61, 1, 0}, {0x62, 2, 0}, {0x60, 4, 0}}));
}

TEST_F(Dispatcher_test, WritesToAPortCarryTheirWidthAlone)
{
    ASSERT_TRUE(dispatcher.add_ports(0x60, 4, device));
    set(Register::rax, 0xaaaa'bbbb'cccc'ddeeu);
    for (auto const size : std::initializer_list<std::uint8_t>{1, 2, 4})
        handle({.kind = Exit_kind::port, .port = {.port = 0x60, .size = size}});
    EXPECT_EQ(device.writes, (std::vector<Access>{{0x60, 1, 0xee}, {0x60, 2, 0xddee}, {0x60, 4, 0xcccc'ddee}}));
}

TEST_F(Dispatcher_test, NobodysPortReadsAsAllOnes)
{
    for (auto const port : std::initializer_list<std::uint16_t>{0x80, 0x3ff, 0x400, 0xffff})
    {
        set(Register::rax, 0);
        handle({.kind = Exit_kind::port, .port = {.port = port, .size = 2, .in = true}});
        EXPECT_EQ(get(Register::rax), 0xffffu) << port;
        handle({.kind = Exit_kind::port, .port = {.port = port, .size = 2}});
    }
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, EachPortHasItsOwnOwnerOnBothSidesOfTheFastTable)
{
    ASSERT_TRUE(dispatcher.add_ports(0x3fe, 4, device));
    ASSERT_TRUE(dispatcher.add_ports(0x402, 1, other));
    ASSERT_TRUE(dispatcher.add_ports(0xffff, 1, other));
    auto const answers_at = [&](std::uint16_t port) { return dispatcher.read_port(vcpu(), port, 4); };
    other.answer = 7;
    EXPECT_EQ(answers_at(0x3fd), 0xffff'ffffu);
    for (std::uint16_t port = 0x3fe; port < 0x402; ++port)
        EXPECT_EQ(answers_at(port), 0x1122'3344u) << port;
    EXPECT_EQ(answers_at(0x402), 7u);
    EXPECT_EQ(answers_at(0x403), 0xffff'ffffu);
    EXPECT_EQ(answers_at(0xffff), 7u);
}

TEST_F(Dispatcher_test, PortsAreTakenOnce)
{
    ASSERT_TRUE(dispatcher.add_ports(0x3f8, 8, device));
    EXPECT_EQ(dispatcher.add_ports(0x3ff, 1, other).error(), Error::exists);
    EXPECT_EQ(dispatcher.add_ports(0x3f0, 9, other).error(), Error::exists);
    EXPECT_EQ(dispatcher.add_ports(0x3f0, 0x40, other).error(), Error::exists);
    EXPECT_EQ(dispatcher.read_port(vcpu(), 0x3ff, 1), 0x44u) << "the first one keeps what it has";
    EXPECT_EQ(dispatcher.read_port(vcpu(), 0x3f0, 1), 0xffu) << "a refused device has nothing";
    EXPECT_TRUE(dispatcher.add_ports(0x3f0, 8, other));
    EXPECT_TRUE(dispatcher.add_ports(0x400, 1, other));
}

TEST_F(Dispatcher_test, MoreDevicesThanTheTablesHoldAreRefused)
{
    Error last = Error::busy;
    std::uint16_t added = 0;
    for (; added < 100; ++added)
    {
        auto const result = dispatcher.add_ports(added, 1, device);
        if (!result)
        {
            last = result.error();
            break;
        }
    }
    EXPECT_EQ(last, Error::full);
    EXPECT_GE(added, 24u) << "a PC has as many";
    for (std::uint16_t port = 0; port < added; ++port)
        EXPECT_EQ(dispatcher.read_port(vcpu(), port, 1), 0x44u);
    EXPECT_EQ(dispatcher.read_port(vcpu(), added, 1), 0xffu);
    EXPECT_EQ(dispatcher.add_ports(added, 1, other).error(), Error::full) << "who was refused has taken nothing";
}

TEST_F(Dispatcher_test, MemoryIsTakenOnceAndNobodysReadsAsAllOnes)
{
    auto const range = [](std::uint64_t begin, std::uint64_t size)
    { return Range<Guest_physical>{Guest_physical(begin), Bytes(size)}; };
    ASSERT_TRUE(dispatcher.add_memory(range(0xfee0'0000, 0x1000), device));
    EXPECT_EQ(dispatcher.add_memory(range(0xfee0'0fff, 1), other).error(), Error::exists);
    EXPECT_EQ(dispatcher.add_memory(range(0xfedf'f000, 0x1001), other).error(), Error::exists);
    EXPECT_EQ(dispatcher.add_memory(range(0, 0x1'0000'0000), other).error(), Error::exists);
    EXPECT_TRUE(dispatcher.add_memory(range(0xfee0'1000, 0x1000), other));
    EXPECT_EQ(dispatcher.read_memory(vcpu(), Guest_physical(0xfee0'0020), 4), 0x1122'3344u);
    EXPECT_EQ(device.reads.back(), (Access{0x20, 4, 0})) << "an offset, not an address";
    dispatcher.write_memory(vcpu(), Guest_physical(0xfee0'1ffc), 4, 9);
    EXPECT_EQ(other.writes, (std::vector<Access>{{0xffc, 4, 9}}));
    EXPECT_EQ(dispatcher.read_memory(vcpu(), Guest_physical(0xfee0'2000), 2), 0xffffu);
    dispatcher.write_memory(vcpu(), Guest_physical(0xfee0'2000), 2, 1);
}

TEST_F(Dispatcher_test, AnInstructionAtADeviceIsCarriedOut)
{
    ASSERT_TRUE(dispatcher.add_memory({Guest_physical(0xfee0'0000), Bytes(0x1000)}, device));
    ASSERT_TRUE(machine_.memory().store(Guest_physical(0x4000 + 63 * 8), 8, 0xfee0'0027)); // seen at 0x3f000
    code(code_at, {0x89, 0x08});                                                           // mov %ecx, (%rax)
    set(Register::rax, 0x3'f080);
    set(Register::rcx, 0x55);
    handle({.kind = Exit_kind::memory, .memory = {.address = Guest_physical(0xfee0'0080), .write = true}});
    EXPECT_EQ(device.writes, (std::vector<Access>{{0x80, 4, 0x55}}));
    EXPECT_TRUE(advanced());
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, MemoryThatTheGuestHasIsGivenAtFirstTouch)
{
    handle({.kind = Exit_kind::memory, .memory = {.address = Guest_physical(0x10'0000), .write = true}});
    EXPECT_TRUE(advanced(0)) << "the instruction runs again";
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, CodeWhereNothingIsIsAnUndefinedInstruction)
{
    // Information: a fetch (bit 4) of the final page (bit 32).
    EXPECT_EQ(exit(exit_code::nested_fault, std::uint64_t{1} << 32 | 0x14, 0x9000'0000), undefined);
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, PageTablesWhereNothingIsEndTheVm)
{
    handle({.kind = Exit_kind::memory, .memory = {.address = Guest_physical(0x9000'0000), .page_walk = true}});
    EXPECT_EQ(answers.crashes, (std::vector<std::string>{"page tables where there is no RAM"}));
}

TEST_F(Dispatcher_test, VirtualizationIsNotThere)
{
    code(code_at, {0x0f, 0x01, 0xd8});
    EXPECT_EQ(exit(exit_code::vmrun), undefined);
    EXPECT_TRUE(advanced(0));
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, ATripleFaultEndsTheVm)
{
    handle({.kind = Exit_kind::shutdown});
    handle({.kind = Exit_kind::task_switch});
    EXPECT_EQ(answers.crashes, (std::vector<std::string>{"triple fault", "hardware task switch"}));
}

TEST_F(Dispatcher_test, AnExitThatNobodyKnowsEndsThatVmAlone)
{
    auto& neighbour = machine_.add();
    Answers neighbours_answers;
    Dispatcher neighbours{neighbours_answers, neighbours_answers, neighbours_answers, neighbours_answers};
    neighbour.on_exit = [&](Vcpu& vcpu, const Exit& each) { neighbours.handle(vcpu, each); };
    for (auto const kind : {Exit_kind::unknown, Exit_kind::debug_register, Exit_kind::exception, Exit_kind::init,
                            static_cast<Exit_kind>(arch::exit_kinds)})
        handle({.kind = kind});
    EXPECT_EQ(answers.crashes, (std::vector<std::string>(5, "an exit that nobody knows")));
    EXPECT_TRUE(advanced(0));
    EXPECT_TRUE(neighbours_answers.crashes.empty());
    neighbours.handle(*neighbour.vcpu, {.kind = Exit_kind::cpuid, .next_rip = 2});
    EXPECT_EQ(neighbour.vcpu->state().get(Register::rcx), 3u);
}

TEST_F(Dispatcher_test, AnExitCodeThatNobodyKnowsArrivesAsSuch)
{
    exit(0x7fff);
    EXPECT_EQ(answers.crashes, (std::vector<std::string>{"an exit that nobody knows"}));
}

} // namespace ovm::interface::test
