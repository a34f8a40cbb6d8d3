#include <initializer_list>
#include <string>
#include <vector>

#include "interface/exit/dispatcher.hpp"
#include "processor/vcpu_fixture.hpp"

namespace ovm::interface::test
{

using arch::Register;
using ovm::test::Exit;
using ovm::test::Exit_kind;
using ovm::test::Running_vcpu;
using ovm::test::Vcpu_test;
using processor::Vcpu;
namespace exit_code = arch::svm::exit_code;
namespace event = arch::svm::event;

namespace
{

constexpr std::uint64_t undefined = event::valid | event::exception | 6;
constexpr std::uint64_t protection = event::valid | event::exception | event::has_error | 13;
constexpr std::uint64_t code_at = 0x8000;

struct Access
{
    std::uint64_t at = 0;
    unsigned size = 0;
    std::uint64_t value = 0;
    bool operator==(const Access&) const = default;
};

/// Answers reads with one value and remembers what was written.
struct Device final : Port_device, Memory_device
{
    std::uint32_t read_port(Vcpu&, std::uint16_t port, unsigned size) override
    {
        reads.push_back({port, size, 0});
        return answer;
    }
    void write_port(Vcpu&, std::uint16_t port, unsigned size, std::uint32_t value) override
    {
        writes.push_back({port, size, value});
    }
    std::uint64_t read_memory(Vcpu&, Bytes offset, unsigned size) override
    {
        reads.push_back({offset.value(), size, 0});
        return answer;
    }
    void write_memory(Vcpu&, Bytes offset, unsigned size, std::uint64_t value) override
    {
        writes.push_back({offset.value(), size, value});
    }

    std::uint32_t answer = 0x1122'3344;
    std::vector<Access> reads{}, writes{};
};

/// A VM's answers, as simple as can be.
struct Answers final : Cpuid_source, Msr_device, Call_target, Vm_events
{
    Cpuid_result cpuid(Vcpu&, std::uint32_t leaf, std::uint32_t subleaf) override
    {
        return {leaf + 1, subleaf + 1, 3, 4};
    }
    Result<std::uint64_t> read_msr(Vcpu&, std::uint32_t msr) override
    {
        if (msr != 0x10)
            return Error::denied;
        return 0x1234'5678'9abc'def0u;
    }
    Result<> write_msr(Vcpu&, std::uint32_t msr, std::uint64_t value) override
    {
        if (msr != 0x10)
            return Error::denied;
        written = value;
        return {};
    }
    std::uint64_t call(Vcpu&, std::uint64_t number) override { return number * 2; }
    void crashed(Vcpu&, const Exit&, const char* why) override { crashes.emplace_back(why); }

    std::uint64_t written = 0;
    std::vector<std::string> crashes{};
};

} // namespace

class Dispatcher_test : public Vcpu_test
{
protected:
    Dispatcher_test() : one(machine_.add())
    {
        one.on_exit = [this](Vcpu& vcpu, const Exit& exit) { dispatcher.handle(vcpu, exit); };
        long_mode(*one.vcpu, code_at);
    }

    Vcpu& vcpu() { return *one.vcpu; }
    std::uint64_t get(Register name) { return vcpu().state().get(name); }
    void set(Register name, std::uint64_t value) { vcpu().state().set(name, value); }

    /// The guest leaves once with this exit; answers what was injected at the next entry, 0 for nothing.
    std::uint64_t exit(std::uint64_t exit_code, std::uint64_t information1 = 0, std::uint64_t information2 = 0)
    {
        std::uint64_t injected = 0;
        unsigned entries = 0;
        one.guest = [&](arch::hosted::Guest& guest)
        {
            if (++entries == 1)
                return guest.exit(exit_code, information1, information2);
            injected = guest.vmcb.control.event_injection & 0xffff'ffffu;
            guest.exit(exit_code::intr);
        };
        vcpu().start(processor::Run_state::runnable);
        machine_.turn();
        EXPECT_GE(entries, 2u) << "the vcpu never came back";
        return injected;
    }
    /// A dispatcher's answer to an exit that is made by hand.
    void handle(Exit made)
    {
        made.next_rip = code_at + 2;
        dispatcher.handle(vcpu(), made);
    }
    void expect_protection()
    {
        auto const event = vcpu().state().take_event();
        ASSERT_TRUE(event);
        EXPECT_EQ(event->type, arch::Event::Type::exception);
        EXPECT_EQ(event->vector, 13);
        EXPECT_EQ(event->error_code, 0u);
    }
    bool advanced(unsigned length = 2) { return vcpu().state().rip() == code_at + length; }

    Running_vcpu& one;
    Answers answers;
    Dispatcher dispatcher{answers, answers, answers, answers};
    Device device, other;
};

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

TEST_F(Dispatcher_test, Cr8TakesTheRegisterThatTheInstructionNames)
{
    code(code_at, {0x44, 0x0f, 0x22, 0xc1}); // mov %rcx, %cr8
    set(Register::rcx, 0xb);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().task_priority(), 0xbu);
    EXPECT_TRUE(advanced(4));
    code(code_at + 4, {0x45, 0x0f, 0x22, 0xc1}); // mov %r9, %cr8
    set(Register::r9, 3);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().task_priority(), 3u);
    EXPECT_TRUE(advanced(8));
}

TEST_F(Dispatcher_test, ReservedBitsOfCr8AreGeneralProtection)
{
    code(code_at, {0x44, 0x0f, 0x22, 0xc0}); // mov %rax, %cr8
    set(Register::rax, 0x10);
    EXPECT_EQ(exit(exit_code::cr8_write), protection);
    EXPECT_EQ(vcpu().state().task_priority(), 0u);
    EXPECT_TRUE(advanced(0));
}

TEST_F(Dispatcher_test, WritesToCr0ThatTheProcessorRefusesAreGeneralProtection)
{
    constexpr std::uint64_t good = 0x8000'0011;
    code(code_at, {0x0f, 0x22, 0xc0});                      // mov %rax, %cr0
    for (auto const value : {good | std::uint64_t{1} << 32, // the upper half
                             good & ~std::uint64_t{1},      // paging without protection
                             good | 0x2000'0000,            // NW without CD
                             std::uint64_t{0x11}})          // no paging in 64-bit code
    {
        set(Register::rax, value);
        handle({.kind = Exit_kind::control_register});
        expect_protection();
        EXPECT_EQ(vcpu().state().cr0(), good) << std::hex << value;
        EXPECT_TRUE(advanced(0));
    }
}

TEST_F(Dispatcher_test, Cr0KeepsWhatExistsAndForgetsTranslations)
{
    code(code_at, {0x0f, 0x22, 0xc0}); // mov %rax, %cr0
    set(Register::rax, 0xdfff'ffcf);
    exit(exit_code::cr0_selective_write);
    EXPECT_EQ(vcpu().state().cr0(), 0xc005'001fu) << "reserved bits ignore writes, ET is one";
    EXPECT_TRUE(advanced(3));
    std::vector<std::uint64_t> entries;
    for (auto const& use : arch::hosted::uses(Core_id(0)))
    {
        if (use.kind == arch::hosted::Use::Kind::enter)
            entries.push_back(use.value);
    }
    ASSERT_GE(entries.size(), 2u);
    EXPECT_NE(entries[0], entries[1]) << "WP changed: another ASID";
}

TEST_F(Dispatcher_test, LongModeBeginsAndEndsWithPaging)
{
    constexpr std::uint64_t active = 0x400;
    auto& state = vcpu().state();
    state.set_segment(arch::Segment_name::cs, {8, 0xc9b, 0xffff'ffff, 0}); // compatibility mode: 32 bits
    code(code_at, {0x0f, 0x22, 0xc0, 0x0f, 0x22, 0xc0});                   // twice mov %eax, %cr0
    set(Register::rax, 0x11);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(state.efer() & active, 0u);
    set(Register::rax, 0x8000'0011);
    state.set_cr4(0);
    code(code_at + 3, {0x0f, 0x22, 0xc0});
    handle({.kind = Exit_kind::control_register});
    expect_protection(); // long mode needs PAE
    EXPECT_EQ(state.cr0(), 0x11u);
    state.set_cr4(0x20);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(state.efer() & active, active);
    EXPECT_EQ(state.cr0(), 0x8000'0011u);
    EXPECT_TRUE(advanced(6));
}

TEST_F(Dispatcher_test, LmswLoadsFourBitsAndLeavesProtectionOn)
{
    code(code_at, {0x0f, 0x01, 0xf0, 0x0f, 0x01, 0x70, 0x08}); // lmsw %ax; lmsw 8(%rax)
    set(Register::rax, 0xfffe);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().cr0(), 0x8000'001fu);
    EXPECT_TRUE(advanced(3));
    ASSERT_TRUE(machine_.memory().store(Guest_physical(0x9008), 2, 0x0002));
    set(Register::rax, 0x9000);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().cr0(), 0x8000'0013u);
    EXPECT_TRUE(advanced(7));
}

TEST_F(Dispatcher_test, ReservedBitsOfCr3AndCr4AreGeneralProtectionWhereTheProcessorRefusesTheState)
{
    for (auto const operand : {0xd8, 0xe0})
    {
        code(code_at, {0x0f, 0x22, static_cast<std::uint8_t>(operand)}); // mov %rax, %cr3 or %cr4
        handle({.kind = Exit_kind::invalid_state});
        expect_protection();
    }
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, AnyOtherRefusedStateEndsTheVm)
{
    code(code_at, {0x90});
    handle({.kind = Exit_kind::invalid_state});
    EXPECT_EQ(answers.crashes, (std::vector<std::string>{"the processor refuses the guest's state"}));
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
