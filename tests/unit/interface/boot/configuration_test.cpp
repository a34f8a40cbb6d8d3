#include "guest_fixture.hpp"
#include "interface/boot/configuration.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;
using namespace ovm::interface::test;

constexpr std::string_view example = "ovm-machine 1\n"
                                     "on-reset end\n"
                                     "escape 2\n"
                                     "vm\n"
                                     "name debian1\n"
                                     "vcpus 2\n"
                                     "memory 268435456\n"
                                     "boot linux\n"
                                     "kernel guests/debian1/kernel\n"
                                     "initrd guests/debian1/initrd\n"
                                     "cmdline console=ttyS0 panic=-1\n"
                                     "debug-exit 244\n"
                                     "population lazy\n"
                                     "weight 400\n"
                                     "budget 5000000\n"
                                     "period 20000000\n"
                                     "latency 500000\n"
                                     "end\n"
                                     "vm\n"
                                     "name second\n"
                                     "memory 1048576\n"
                                     "boot multiboot\n"
                                     "kernel k\n"
                                     "module a with words  and spaces\n"
                                     "module b\n"
                                     "end\n";

struct Outcome
{
    Machine_configuration machine{};
    std::vector<Vm_configuration> vms{};
    std::optional<Configuration_error> error{};
};

Outcome read(std::string_view text)
{
    Outcome outcome;
    Configuration_reader reader(text);
    if (reader.read_machine(outcome.machine))
        while (auto const vm = reader.next_vm())
            outcome.vms.push_back(*vm);
    outcome.error = reader.error();
    return outcome;
}

/// The example with a line replaced.
Outcome read_with(std::string_view line, std::string_view replacement)
{
    std::string text(example);
    text.replace(text.find(line), line.size(), replacement);
    auto outcome = read(text);
    if (outcome.error) // its views go with the text
        outcome.error = Configuration_error{outcome.error->line, outcome.error->what, {}};
    outcome.vms.clear();
    return outcome;
}

TEST(Configuration, EverythingIsRead)
{
    auto const outcome = read(example);
    ASSERT_FALSE(outcome.error.has_value());
    EXPECT_FALSE(outcome.machine.restart_on_reset);
    EXPECT_EQ(outcome.machine.escape, 2);
    ASSERT_EQ(outcome.vms.size(), 2u);
    auto const& first = outcome.vms[0];
    EXPECT_EQ(first.name, "debian1");
    EXPECT_EQ(first.vcpus, 2u);
    EXPECT_EQ(first.memory, Bytes{256 << 20});
    EXPECT_EQ(first.boot, Boot_kind::linux);
    EXPECT_EQ(first.kernel, "guests/debian1/kernel");
    EXPECT_EQ(first.initrd, "guests/debian1/initrd");
    EXPECT_EQ(first.command_line, "console=ttyS0 panic=-1");
    EXPECT_EQ(first.debug_exit, 244);
    EXPECT_TRUE(first.lazy);
    EXPECT_EQ(first.weight, 400u);
    EXPECT_EQ(first.budget, Nanoseconds{5'000'000});
    EXPECT_EQ(first.period, Nanoseconds{20'000'000});
    EXPECT_EQ(first.latency, Nanoseconds{500'000});
    auto const& second = outcome.vms[1];
    EXPECT_EQ(second.vcpus, 1u);
    EXPECT_FALSE(second.lazy);
    EXPECT_EQ(second.weight, 100u);
    EXPECT_EQ(second.budget, Nanoseconds{});
    EXPECT_EQ(second.period, Nanoseconds{});
    EXPECT_EQ(second.latency, Nanoseconds{});
    EXPECT_FALSE(second.debug_exit.has_value());
    ASSERT_EQ(second.modules.size(), 2u);
    EXPECT_EQ(second.modules[0].file, "a");
    EXPECT_EQ(second.modules[0].command_line, "with words  and spaces");
    EXPECT_EQ(second.modules[1].command_line, "");
}

TEST(Configuration, MistakesNameTheirLine)
{
    struct Mistake
    {
        std::string_view line;
        std::string_view replacement;
        unsigned at;
    };
    for (auto const& mistake :
         std::initializer_list<Mistake>{{"ovm-machine 1", "ovm-machine 2", 1},
                                        {"on-reset end", "on-reset maybe", 2},
                                        {"escape 2", "escape 32", 3},
                                        {"escape 2", "escape 0", 3},
                                        {"escape 2", "shape 2", 3},
                                        {"vcpus 2", "vcpus 0", 6},
                                        {"vcpus 2", "vcpus 17", 6},
                                        {"vcpus 2", "vcpus", 6},
                                        {"vcpus 2", "vcpus 2x", 6},
                                        {"vcpus 2", "vcpus -1", 6},
                                        {"memory 268435456", "memory 268435457", 7},
                                        {"memory 268435456", "memory 0", 7},
                                        {"memory 268435456", "memory 99999999999999999999999999", 7},
                                        {"boot linux", "boot bios", 8},
                                        {"debug-exit 244", "debug-exit 65536", 12},
                                        {"population lazy", "population none", 13},
                                        {"population lazy", "flavour sweet", 13},
                                        {"weight 400", "weight 0", 14},
                                        {"weight 400", "weight 10001", 14},
                                        {"weight 400", "weight -1", 14},
                                        {"budget 5000000", "budget 49999", 15},
                                        {"budget 5000000", "budget 5ms", 15},
                                        {"budget 5000000", "budget 4000000001", 15},
                                        {"period 20000000", "period 99999", 16},
                                        {"period 20000000", "period 4000000001", 16},
                                        {"latency 500000", "latency 999", 17},
                                        {"latency 500000", "latency 4000000001", 17},
                                        {"budget 5000000\n", "", 17},
                                        {"period 20000000\n", "", 17},
                                        {"budget 5000000", "budget 20000001", 18}})
    {
        auto const outcome = read_with(mistake.line, mistake.replacement);
        ASSERT_TRUE(outcome.error.has_value()) << mistake.replacement;
        EXPECT_EQ(outcome.error->line, mistake.at) << mistake.replacement;
        EXPECT_FALSE(outcome.error->what.empty());
    }
}

TEST(Configuration, WhatAVmNeedsIsDemanded)
{
    for (auto const line : {"name debian1\n", "memory 268435456\n", "kernel guests/debian1/kernel\n"})
        EXPECT_TRUE(read_with(line, "").error.has_value()) << line;
    EXPECT_TRUE(read_with("module b\n", "module b\nmodule c\nmodule d\nmodule e\n").error.has_value());
    EXPECT_TRUE(read("").error.has_value());
    EXPECT_TRUE(read("ovm-machine 1\n").error.has_value()) << "no VM";
}

TEST(Configuration, SchedulingIsReadUpToItsLimits)
{
    for (auto const& [line, replacement] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"weight 400", "weight 1"},
             {"weight 400", "weight 10000"},
             {"budget 5000000", "budget 50000"},
             {"budget 5000000", "budget 20000000"},
             {"budget 5000000\nperiod 20000000", "budget 100000\nperiod 100000"},
             {"budget 5000000\nperiod 20000000", "period 4000000000\nbudget 4000000000"},
             {"budget 5000000\nperiod 20000000\n", ""},
             {"latency 500000", "latency 1000"},
             {"latency 500000", "latency 4000000000"},
             {"weight 400\nbudget 5000000\nperiod 20000000\nlatency 500000\n", ""}})
        EXPECT_FALSE(read_with(line, replacement).error.has_value()) << replacement;
}

TEST(Configuration, OnlyWholeVmsAreAccepted)
{
    auto const first_end = example.find("end\nvm\n") + 3;
    for (std::size_t size = 0; size < example.size(); ++size)
    {
        auto const bytes = std::vector<char>(example.begin(), example.begin() + static_cast<std::ptrdiff_t>(size));
        auto const outcome = read(std::string_view(bytes.data(), bytes.size()));
        auto const whole = size == first_end || size == first_end + 1 || size == example.size() - 1;
        ASSERT_EQ(outcome.error.has_value(), !whole) << size;
    }
}

TEST(Configuration, MutationsAreReadOrRefused)
{
    Seeded random(6);
    constexpr std::string_view characters = "\n 0129avme\0\xff";
    for (int round = 0; round < 20000; ++round)
    {
        std::vector<char> copy(example.begin(), example.end());
        for (auto changes = 1 + random.below(4); changes > 0; --changes)
            copy[random.below(copy.size())] = characters[random.below(characters.size())];
        auto const outcome = read(std::string_view(copy.data(), copy.size()));
        for (auto const& vm : outcome.vms)
        {
            ASSERT_FALSE(vm.name.empty());
            ASSERT_FALSE(vm.kernel.empty());
            ASSERT_TRUE(vm.vcpus >= 1 && vm.vcpus <= max_vcpus);
            ASSERT_TRUE(vm.memory > Bytes{0} && vm.memory.value() % (1 << 20) == 0);
            ASSERT_TRUE(vm.weight >= 1 && vm.weight <= max_weight);
            ASSERT_TRUE(vm.budget <= vm.period && vm.period <= max_period && vm.latency <= max_latency);
            ASSERT_EQ(vm.budget == Nanoseconds{}, vm.period == Nanoseconds{});
        }
    }
}

} // namespace
