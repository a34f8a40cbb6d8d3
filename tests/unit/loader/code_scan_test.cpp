#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "loader/code_scan.hpp"
#include "loader/module_builder.hpp"

namespace ovm::test
{

using loader::Code_scan;
using loader::Module_image;
using loader::Refusal;

namespace
{

struct Outcome
{
    std::optional<Refusal> refused{};
    std::uint64_t at = 0;
    unsigned steps = 0;
};

Outcome scan_to_its_end(const Module_builder& builder)
{
    auto const file = builder.build();
    Module_image image;
    EXPECT_FALSE(Module_image::open(file, image));
    Code memory(Code_scan::memory_needed(image));
    Code_scan scan(image, memory);
    Outcome outcome;
    for (; !scan.done() && !outcome.refused; ++outcome.steps)
        outcome.refused = scan.step();
    outcome.at = scan.at();
    return outcome;
}

std::optional<Refusal> scan(const Module_builder& builder)
{
    return scan_to_its_end(builder).refused;
}

/// With an import's slot at 16 of the constants, which begin at 4096.
std::optional<Refusal> scan(Code text)
{
    Module_builder builder;
    builder.text = std::move(text);
    builder.import(16, "memcpy").policy("a-policy");
    return scan(builder);
}

/// As scan(), of an instruction that stands before a RET.
std::optional<Refusal> scan_one(Code instruction)
{
    instruction.push_back(0xc3);
    return scan(std::move(instruction));
}

TEST(Code_scan, TakesWhatCompilersMake)
{
    for (auto const& code : std::initializer_list<Code>{
             {0x55},                                        // push %rbp
             {0x41, 0x57},                                  // push %r15
             {0x48, 0x89, 0xe5},                            // mov %rsp,%rbp
             {0x48, 0x83, 0xec, 0x20},                      // sub $32,%rsp
             {0x8b, 0x84, 0x24, 0x80, 0, 0, 0},             // mov 128(%rsp),%eax
             {0x48, 0x8d, 0x05, 0xf9, 0x0f, 0, 0},          // lea constants(%rip),%rax
             {0x8b, 0x05, 0xfa, 0x0f, 0, 0},                // mov constants(%rip),%eax
             {0x0f, 0xb6, 0x05, 0x38, 0x10, 0, 0},          // movzbl of the constants' last byte
             {0xff, 0x15, 0x0a, 0x10, 0, 0},                // call *slot(%rip)
             {0xff, 0x25, 0x0a, 0x10, 0, 0},                // jmp *slot(%rip)
             {0x48, 0xf7, 0xf1},                            // div %rcx
             {0x0f, 0x44, 0xc1},                            // cmove
             {0x0f, 0x94, 0xc0},                            // sete
             {0xf3, 0x0f, 0xbc, 0xc1},                      // rep bsf
             {0x48, 0x0f, 0xba, 0xe8, 0x05},                // bts $5,%rax
             {0xf0, 0x48, 0x0f, 0xb1, 0x0f},                // lock cmpxchg
             {0xf3, 0x90},                                  // pause
             {0xf3, 0xaa},                                  // rep stos
             {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}, // a long nop
             {0x67, 0x0f, 0xb9, 0x40, 0x02},                // ud1l 2(%eax),%eax
             {0x0f, 0x0b},                                  // ud2
             {0xcc},                                        // int3
             {0xf3, 0x0f, 0x1e, 0xfa},                      // endbr64
             {0x0f, 0xae, 0xf0},                            // mfence
             {0x0f, 0xc9},                                  // bswap %ecx
             {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8},          // movabs
             {0x74, 0x00},                                  // je, to what follows
             {0xe8, 0xfb, 0xff, 0xff, 0xff},                // call itself
         })
        EXPECT_EQ(scan_one(code), std::nullopt) << testing::PrintToString(code);
}

TEST(Code_scan, RefusesWhatModulesMayNotUse)
{
    for (auto const& code : std::initializer_list<Code>{
             {0xf4},                   // hlt
             {0xfa},                   // cli
             {0xfb},                   // sti
             {0x9c},                   // pushf
             {0x9d},                   // popf
             {0xfd},                   // std
             {0xe4, 0x60},             // in
             {0xef},                   // out
             {0x6c},                   // ins
             {0xf3, 0x6e},             // rep outs
             {0xcd, 0x80},             // int
             {0xf1},                   // int1
             {0x48, 0xcf},             // iretq
             {0x48, 0xcb},             // lretq
             {0xc2, 0x08, 0x00},       // ret 8
             {0xc8, 0, 0, 0},          // enter
             {0x0f, 0x05},             // syscall
             {0x0f, 0x07},             // sysret
             {0x0f, 0x34},             // sysenter
             {0x0f, 0x20, 0xc0},       // mov %cr0,%rax
             {0x0f, 0x22, 0xd8},       // mov %rax,%cr3
             {0x0f, 0x23, 0xf8},       // mov %rax,%dr7
             {0x0f, 0x01, 0x10},       // lgdt
             {0x0f, 0x01, 0x00},       // sgdt
             {0x0f, 0x01, 0x38},       // invlpg
             {0x0f, 0x01, 0xf8},       // swapgs
             {0x0f, 0x01, 0xd8},       // vmrun
             {0x0f, 0x01, 0xd9},       // vmmcall
             {0x0f, 0x01, 0xd1},       // xsetbv
             {0x0f, 0x01, 0xc8},       // monitor
             {0x0f, 0x01, 0xf9},       // rdtscp
             {0x0f, 0x00, 0xd8},       // ltr
             {0x0f, 0x06},             // clts
             {0x0f, 0x08},             // invd
             {0x0f, 0x09},             // wbinvd
             {0x0f, 0x30},             // wrmsr
             {0x0f, 0x31},             // rdtsc
             {0x0f, 0x32},             // rdmsr
             {0x0f, 0x33},             // rdpmc
             {0x0f, 0xa2},             // cpuid
             {0x0f, 0xaa},             // rsm
             {0x0f, 0xae, 0x00},       // fxsave
             {0x0f, 0xae, 0x38},       // clflush
             {0xf3, 0x0f, 0xae, 0xd8}, // wrgsbase
             {0x0f, 0xc7, 0xf0},       // rdrand
             {0x0f, 0xa0},             // push %fs
             {0x8e, 0xd8},             // mov %eax,%ds
             {0x0f, 0xb2, 0x00},       // lss
             {0x0f, 0x58, 0xc1},       // addps
             {0xf2, 0x0f, 0x10, 0x00}, // movsd
             {0x0f, 0x6f, 0xc1},       // movq of MMX
             {0x0f, 0x77},             // emms
             {0x8d, 0xca},             // lea of a register, which is no instruction
             {0xd9, 0xe8},             // fld1
             {0x9b},                   // fwait
             {0xc5, 0xf8, 0x77},       // vzeroupper
             {0x0f, 0x38, 0xf0, 0x00}, // movbe
             {0xc6, 0xf8, 0x00},       // xabort
             {0xd7},                   // xlat
             {0xe3, 0x00},             // jrcxz
             {0xa6},                   // cmps
         })
    {
        auto const refused = scan_one(code);
        EXPECT_TRUE(refused == Refusal::forbidden_instruction || refused == Refusal::forbidden_prefix)
            << testing::PrintToString(code);
    }
}

TEST(Code_scan, RefusesPrefixes)
{
    for (auto const& code : std::initializer_list<Code>{
             {0x64, 0x8b, 0x00},             // mov %fs:(%rax),%eax
             {0x65, 0x48, 0x8b, 0x00},       // mov %gs:(%rax),%rax
             {0x67, 0x8b, 0x00},             // mov (%eax),%eax
             {0xf2, 0xc3},                   // bnd ret
             {0xf3, 0xc3},                   // rep ret
             {0x66, 0xe9, 0x00, 0x00},       // jmp with 16 bits
             {0x66, 0x0f, 0x84, 0x00, 0x00}, // je with 16 bits
             {0x66, 0xff, 0xe0},             // jmp *%ax
         })
        EXPECT_EQ(scan_one(code), Refusal::forbidden_prefix) << testing::PrintToString(code);
}

TEST(Code_scan, RefusesWhatDoesNotDecode)
{
    EXPECT_EQ(scan(Code{0x06, 0xc3}), Refusal::undecodable);
    EXPECT_EQ(scan(Code{0xf0, 0x90, 0xc3}), Refusal::undecodable);
    EXPECT_EQ(scan(Code{0xc3, 0x48}), Refusal::undecodable); // the last one is cut off
    EXPECT_EQ(scan(Code{0xc3, 0xb8, 1, 2, 3}), Refusal::undecodable);
}

TEST(Code_scan, KeepsBranchesOnInstructions)
{
    EXPECT_EQ(scan(Code{0xeb, 0x01, 0xc3, 0xc3}), std::nullopt);
    EXPECT_EQ(scan(Code{0xeb, 0x00}), Refusal::branch_outside); // to the text's end
    EXPECT_EQ(scan(Code{0xeb, 0x7f}), Refusal::branch_outside);
    EXPECT_EQ(scan(Code{0xeb, 0xf0}), Refusal::branch_outside); // before its beginning
    EXPECT_EQ(scan(Code{0xe8, 0, 0, 0, 0x80, 0xc3}), Refusal::branch_outside);
    // Into the immediate of a MOV that holds a WRMSR, and the other way round.
    EXPECT_EQ(scan(Code{0xb8, 0x0f, 0x30, 0x00, 0x00, 0xeb, 0xfa}), Refusal::not_an_instruction);
    EXPECT_EQ(scan(Code{0xeb, 0x01, 0xb8, 0x0f, 0x30, 0x00, 0x00, 0xc3}), Refusal::not_an_instruction);
    EXPECT_EQ(scan(Code{0x0f, 0x84, 0xff, 0xff, 0xff, 0xff, 0xc3}), Refusal::not_an_instruction);
}

/// As above, with enough behind them for a first look.
TEST(Code_scan, KeepsPlainBranchesOnInstructions)
{
    auto const branch = [](std::uint8_t displacement)
    {
        Code text(32, 0x90);
        text[8] = 0xeb;
        text[9] = displacement;
        text.back() = 0xc3;
        return scan(text);
    };
    EXPECT_EQ(branch(21), std::nullopt);            // to the last one
    EXPECT_EQ(branch(22), Refusal::branch_outside); // to the end
    EXPECT_EQ(branch(0xf6), std::nullopt);          // to the first one
    EXPECT_EQ(branch(0xf5), Refusal::branch_outside);
    EXPECT_EQ(branch(0xff), Refusal::not_an_instruction);
}

TEST(Code_scan, LetsIndirectBranchesThroughImportsOnly)
{
    EXPECT_EQ(scan_one({0xff, 0xd0}), Refusal::indirect_branch);                               // call *%rax
    EXPECT_EQ(scan_one({0xff, 0xe0}), Refusal::indirect_branch);                               // jmp *%rax
    EXPECT_EQ(scan_one({0xff, 0x10}), Refusal::indirect_branch);                               // call *(%rax)
    EXPECT_EQ(scan_one({0xff, 0x15, 0x02, 0x10, 0, 0}), Refusal::indirect_branch);             // no import's
    EXPECT_EQ(scan_one({0xff, 0x15, 0x0b, 0x10, 0, 0}), Refusal::indirect_branch);             // askew
    EXPECT_EQ(scan_one({0xff, 0x15, 0x0a, 0, 0, 0}), Refusal::indirect_branch);                // before the constants
    EXPECT_EQ(scan_one({0xff, 0x14, 0x25, 0x10, 0x10, 0, 0}), Refusal::indirect_branch);       // absolute
    EXPECT_EQ(scan_one({0xff, 0x18}), Refusal::forbidden_instruction);                         // far call
    EXPECT_EQ(scan_one({0x48, 0xff, 0x2d, 0x09, 0x10, 0, 0}), Refusal::forbidden_instruction); // far jmp
}

TEST(Code_scan, KeepsOperandsInTheModule)
{
    EXPECT_EQ(scan_one({0x8b, 0x05, 0, 0, 0, 0}), Refusal::operand_outside);       // the text is not read
    EXPECT_EQ(scan_one({0x8b, 0x05, 0xf9, 0x0f, 0, 0}), Refusal::operand_outside); // before the constants
    EXPECT_EQ(scan_one({0x8b, 0x05, 0x37, 0x10, 0, 0}), Refusal::operand_outside); // half behind them
    EXPECT_EQ(scan_one({0x8b, 0x05, 0, 0, 0, 0x80}), Refusal::operand_outside);
    EXPECT_EQ(scan_one({0x89, 0x05, 0x36, 0x10, 0, 0}), std::nullopt); // a store to their end
    EXPECT_EQ(scan_one({0x89, 0x05, 0x37, 0x10, 0, 0}), Refusal::operand_outside);
    EXPECT_EQ(scan_one({0xf7, 0x35, 0x36, 0x10, 0, 0}), std::nullopt); // div, which has no operands that are named
    EXPECT_EQ(scan_one({0xf7, 0x35, 0x37, 0x10, 0, 0}), Refusal::operand_outside);
    EXPECT_EQ(scan_one({0x88, 0x05, 0x39, 0x10, 0, 0}), std::nullopt); // a byte
    EXPECT_EQ(scan_one({0x88, 0x05, 0x3a, 0x10, 0, 0}), Refusal::operand_outside);
    EXPECT_EQ(scan_one({0x48, 0x8d, 0x05, 0x3a, 0x10, 0, 0}), Refusal::operand_outside);
    EXPECT_EQ(scan_one({0x48, 0x8d, 0x05, 0x39, 0x10, 0, 0}), std::nullopt);       // the constants' end
    EXPECT_EQ(scan_one({0x48, 0x8d, 0x05, 0xf9, 0xff, 0xff, 0xff}), std::nullopt); // itself
    EXPECT_EQ(scan_one({0x48, 0x8d, 0x05, 0xfa, 0xff, 0xff, 0xff}), Refusal::not_an_instruction);
}

TEST(Code_scan, KeepsRecordsOnInstructions)
{
    Module_builder builder;
    builder.text = {0xb8, 0, 0, 0, 0, 0xc3};
    builder.policy("a-policy", 2, 5).relocate(0, 5).relocate(8, 4096 + 3);
    EXPECT_EQ(scan(builder), std::nullopt);
    builder.policies[0].construct = 1;
    EXPECT_EQ(scan(builder), Refusal::not_an_instruction);
    builder.policies[0].construct = 0;
    builder.relocate(16, 2);
    EXPECT_EQ(scan(builder), Refusal::not_an_instruction);
}

TEST(Code_scan, SaysWhere)
{
    Module_builder builder;
    builder.text = {0x90, 0x90, 0xf4, 0xc3};
    builder.policy("a-policy");
    auto const outcome = scan_to_its_end(builder);
    EXPECT_EQ(outcome.refused, Refusal::forbidden_instruction);
    EXPECT_EQ(outcome.steps, 1u);
    EXPECT_EQ(outcome.at, 2u);
}

TEST(Code_scan, WalksALargeText)
{
    Module_builder builder;
    builder.text.assign(200 << 10, 0x90);
    builder.text.back() = 0xc3;
    builder.policy("a-policy", 2, (200 << 10) - 1);
    EXPECT_EQ(scan(builder), std::nullopt);
    builder.text[150 << 10] = 0xf4;
    EXPECT_EQ(scan(builder), Refusal::forbidden_instruction);
}

TEST(Code_scan, SaysWhereNoInstructionBegins)
{
    for (std::size_t const branches : {1u, 62u, 63u, 64u, 65u, 100u, 4096u, 9000u})
    {
        // As many branches to the next instruction, then one into its middle.
        Module_builder builder;
        builder.text.clear();
        for (std::size_t i = 0; i < branches; ++i)
            builder.text.insert(builder.text.end(), {0xeb, 0x00});
        builder.text.insert(builder.text.end(), {0xeb, 0x01, 0xb8, 0x90, 0x90, 0x90, 0x90, 0xc3});
        builder.policy("a-policy");
        auto const outcome = scan_to_its_end(builder);
        EXPECT_EQ(outcome.refused, Refusal::not_an_instruction) << branches;
        EXPECT_EQ(outcome.at, 2 * branches + 3) << branches;
    }
}

unsigned steps_of(const Module_builder& builder)
{
    auto const outcome = scan_to_its_end(builder);
    EXPECT_EQ(outcome.refused, std::nullopt);
    return outcome.steps;
}

/// A plain instruction is 1 and another one 7 of the 120 that make a step; the last 15 bytes are not looked at as
/// plain.
unsigned steps_of_instructions(std::size_t bytes)
{
    std::size_t at = 0;
    for (unsigned steps = 1;; ++steps)
    {
        for (unsigned cost = 0; cost < 120; ++at)
        {
            if (at == bytes)
                return steps;
            cost += bytes - at >= 16 ? 1 : 7;
        }
    }
}

TEST(Code_scan, TakesAsManyStepsAsItHasTo)
{
    Module_builder builder;
    builder.policy("a-policy");
    for (std::size_t const bytes : {1u, 2u, 29u, 30u, 31u, 150u, 32704u, 32705u, 32768u, 32769u})
    {
        builder.text.assign(bytes, 0xc3);
        auto const words = (bytes + 63) / 64;
        EXPECT_EQ(steps_of(builder), steps_of_instructions(bytes) + 1 + words / 512 + 1) << bytes;
    }
    builder.text = {0xc3};
    builder.constants.resize(2048);
    for (std::uint32_t records = 2; records <= 257; ++records)
    {
        builder.relocate(8 * (records - 2), 0);
        EXPECT_EQ(steps_of(builder), 1 + (records + 127) / 128 + 1) << records;
    }
}

/// Whatever the bytes are, the scan ends and touches only what is its own (under ASan).
TEST(Code_scan, EndsOnAnything)
{
    std::minstd_rand random(7);
    for (int run = 0; run < 2000; ++run)
    {
        Code text(1 + random() % 200);
        std::ranges::generate(text, [&random] { return static_cast<std::uint8_t>(random() >> 8); });
        static_cast<void>(scan(std::move(text)));
    }
}

} // namespace
} // namespace ovm::test
