#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "interface/exit/arithmetic.hpp"
#include "interface/exit/emulator.hpp"
#include "interface/exit/range_table.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;
namespace instruction = ovm::arch::instruction;

struct Recorded
{
    bool write;
    unsigned size;
    std::uint64_t value;
    bool operator==(const Recorded&) const = default;
};

/// A vcpu with a one-register device and sparse memory.
class Fake_vcpu final : public Emulated_vcpu
{
public:
    std::array<std::uint64_t, 16> registers{};
    std::uint64_t flags_value = 2;
    std::uint64_t device = 0;
    std::vector<Recorded> accesses;
    std::map<std::uint64_t, std::uint64_t> memory;
    std::uint64_t fault_at = ~std::uint64_t{0};

    std::uint64_t general(unsigned number) override { return registers.at(number); }
    void set_general(unsigned number, std::uint64_t value) override { registers.at(number) = value; }
    std::uint64_t flags() override { return flags_value; }
    void set_flags(std::uint64_t flags) override { flags_value = flags; }
    std::uint64_t rip() override { return 0x1000; }
    std::uint64_t control(unsigned) override { return 0; }
    Result<> set_control(unsigned, std::uint64_t) override { return Error::denied; }
    Result<std::uint64_t> load(instruction::Segment_register, std::uint64_t offset, unsigned size) override
    {
        if (offset == fault_at)
            return Error::not_present;
        return low_bytes(memory[offset], size);
    }
    Result<> store(instruction::Segment_register, std::uint64_t offset, unsigned size, std::uint64_t value) override
    {
        if (offset == fault_at)
            return Error::not_present;
        memory[offset] = low_bytes(value, size);
        return {};
    }
    std::uint64_t load_device(unsigned size) override
    {
        accesses.push_back({false, size, low_bytes(device, size)});
        return low_bytes(device, size);
    }
    void store_device(unsigned size, std::uint64_t value) override
    {
        accesses.push_back({true, size, value});
        device = value;
    }
    std::uint32_t in(std::uint16_t port, unsigned) override { return port * 3u; }
    void out(std::uint16_t port, unsigned size, std::uint32_t value) override
    {
        accesses.push_back({true, size, (std::uint64_t{port} << 32) | value});
    }
};

Emulation run(Fake_vcpu& vcpu, std::initializer_list<std::uint8_t> bytes)
{
    std::vector<std::uint8_t> const code(bytes);
    auto const decoded = instruction::decode(code, instruction::Mode::long64);
    EXPECT_TRUE(decoded.has_value());
    return emulate(vcpu, *decoded);
}

TEST(Emulator, MovesBothWaysInEverySize)
{
    Fake_vcpu vcpu;
    vcpu.device = 0x1122334455667788;
    vcpu.registers[0] = ~std::uint64_t{0};
    EXPECT_EQ(run(vcpu, {0x8b, 0x03}), Emulation::done); // mov eax, [rbx]
    EXPECT_EQ(vcpu.registers[0], 0x55667788u);
    vcpu.registers[0] = ~std::uint64_t{0};
    EXPECT_EQ(run(vcpu, {0x66, 0x8b, 0x03}), Emulation::done); // mov ax, [rbx]
    EXPECT_EQ(vcpu.registers[0], 0xffff'ffff'ffff'7788u);
    EXPECT_EQ(run(vcpu, {0x8a, 0x23}), Emulation::done); // mov ah, [rbx]
    EXPECT_EQ(vcpu.registers[0], 0xffff'ffff'ffff'8888u);
    EXPECT_EQ(run(vcpu, {0xc7, 0x03, 0x78, 0x56, 0x34, 0x12}), Emulation::done); // mov dword [rbx], imm32
    EXPECT_EQ(vcpu.accesses.back(), (Recorded{true, 4, 0x12345678}));
}

TEST(Emulator, ExtendsAsTheInstructionSays)
{
    Fake_vcpu vcpu;
    vcpu.device = 0x80;
    EXPECT_EQ(run(vcpu, {0x0f, 0xb6, 0x03}), Emulation::done); // movzx eax, byte [rbx]
    EXPECT_EQ(vcpu.registers[0], 0x80u);
    EXPECT_EQ(run(vcpu, {0x48, 0x0f, 0xbe, 0x03}), Emulation::done); // movsx rax, byte [rbx]
    EXPECT_EQ(vcpu.registers[0], 0xffff'ffff'ffff'ff80u);
    EXPECT_EQ(vcpu.accesses.back().size, 1u);
}

TEST(Emulator, ReadModifyWriteSetsFlags)
{
    Fake_vcpu vcpu;
    vcpu.device = 0xf0;
    vcpu.registers[0] = 0x0f;
    EXPECT_EQ(run(vcpu, {0x20, 0x03}), Emulation::done); // and [rbx], al
    EXPECT_EQ(vcpu.device, 0u);
    EXPECT_TRUE(vcpu.flags_value & zero_flag);
    EXPECT_EQ(vcpu.accesses.size(), 2u);
    vcpu.device = 5;
    EXPECT_EQ(run(vcpu, {0x3b, 0x03}), Emulation::done); // cmp eax, [rbx]
    EXPECT_FALSE(vcpu.flags_value & (zero_flag | carry_flag));
    EXPECT_EQ(vcpu.accesses.size(), 3u) << "CMP must not write";
}

TEST(Emulator, RepeatedStringStepsOnceAndKeepsGoing)
{
    Fake_vcpu vcpu;
    vcpu.registers[1] = 3;
    vcpu.registers[6] = 0x100;
    vcpu.registers[7] = 0x200;
    vcpu.memory[0x100] = 7;
    EXPECT_EQ(run(vcpu, {0xf3, 0xa5}), Emulation::again); // rep movsd
    EXPECT_EQ(vcpu.memory[0x200], 7u);
    EXPECT_EQ(vcpu.registers[1], 2u);
    EXPECT_EQ(vcpu.registers[6], 0x104u);
    EXPECT_EQ(vcpu.registers[7], 0x204u);
    vcpu.registers[1] = 1;
    EXPECT_EQ(run(vcpu, {0xf3, 0xa5}), Emulation::done);
    EXPECT_EQ(run(vcpu, {0xf3, 0xa5}), Emulation::done) << "a count of zero retires at once";
    EXPECT_EQ(vcpu.registers[7], 0x208u);
}

TEST(Emulator, FaultLeavesRegistersAlone)
{
    Fake_vcpu vcpu;
    vcpu.registers[1] = 3;
    vcpu.registers[7] = 0x200;
    vcpu.fault_at = 0x200;
    EXPECT_EQ(run(vcpu, {0xf3, 0xab}), Emulation::fault); // rep stosd
    EXPECT_EQ(vcpu.registers[1], 3u);
    EXPECT_EQ(vcpu.registers[7], 0x200u);
}

TEST(Emulator, PortStrings)
{
    Fake_vcpu vcpu;
    vcpu.registers[2] = 0x60;
    vcpu.registers[7] = 0x300;
    EXPECT_EQ(run(vcpu, {0x6c}), Emulation::done); // insb
    EXPECT_EQ(vcpu.memory[0x300], 0x20u);
    EXPECT_EQ(vcpu.registers[7], 0x301u);
}

TEST(Emulator, UnknownIsRefused)
{
    Fake_vcpu vcpu;
    EXPECT_EQ(run(vcpu, {0x0f, 0xa2}), Emulation::unknown);
}

TEST(Arithmetic, AgreesWithTheProcessor)
{
    std::uint64_t seed = 42;
    for (int i = 0; i < 20000; ++i)
    {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        auto const a = static_cast<std::uint32_t>(seed >> 32);
        auto const b = static_cast<std::uint32_t>(seed >> 11) >> (seed & 31);
        std::uint64_t flags = 0;
        std::uint32_t value = a;
        asm("leaq -128(%%rsp), %%rsp; subl %2, %0; pushfq; popq %1; leaq 128(%%rsp), %%rsp"
            : "+&r"(value), "=&r"(flags)
            : "r"(b)
            : "cc");
        auto const difference = subtract(a, b, 0, 4);
        ASSERT_EQ(difference.value, value);
        ASSERT_EQ(difference.flags, flags & arithmetic_flags);
        value = a;
        asm("leaq -128(%%rsp), %%rsp; stc; adcl %2, %0; pushfq; popq %1; leaq 128(%%rsp), %%rsp"
            : "+&r"(value), "=&r"(flags)
            : "r"(b)
            : "cc");
        auto const sum = add(a, b, 1, 4);
        ASSERT_EQ(sum.value, value);
        ASSERT_EQ(sum.flags, flags & arithmetic_flags);
    }
}

TEST(Range_table, FindsAndRefusesOverlap)
{
    int a = 0;
    int b = 0;
    Range_table<int, 3> table;
    EXPECT_TRUE(table.add(0x60, 1, a).has_value());
    EXPECT_TRUE(table.add(0x3f8, 8, b).has_value());
    EXPECT_EQ(table.add(0x3ff, 2, a).error(), Error::exists);
    EXPECT_EQ(table.add(0x3f0, 9, a).error(), Error::exists);
    EXPECT_TRUE(table.add(0, 1, a).has_value());
    EXPECT_EQ(table.add(0x500, 1, a).error(), Error::full);
    EXPECT_EQ(table.find(0x3fb)->owner, &b);
    EXPECT_EQ(table.find(0x60)->owner, &a);
    EXPECT_EQ(table.find(0x61), nullptr);
    EXPECT_EQ(table.find(0xffff), nullptr);
}

} // namespace
