#include "interface/platform/apic_fixture.hpp"

namespace ovm::interface::test
{

class Local_apic_test : public Apic_fixture
{
};

TEST_F(Local_apic_test, PowerOn)
{
    EXPECT_EQ(apic(0).base(), 0xfee0'0900u);
    EXPECT_EQ(apic(1).base(), 0xfee0'0800u);
    EXPECT_EQ(read(1, 0x20), 1u << 24);
    EXPECT_EQ(read(0, 0x30), Local_apic::version_register);
    EXPECT_EQ(read(0, 0xf0), 0xffu);
    EXPECT_EQ(read(0, 0xe0), 0xffff'ffffu);
    EXPECT_EQ(read(0, 0x350), 0x700u); // LINT0 carries the PICs
    EXPECT_EQ(read(1, 0x350), 0x1'0000u);
    EXPECT_EQ(read(0, 0x34), 0u); // between the registers
}

TEST_F(Local_apic_test, DeliversByPriorityAndEnds)
{
    enable_all();
    send(1, 0, 0x4031);
    send(1, 0, 0x4052);
    EXPECT_EQ(cpus[0].client.notified, 2u);
    EXPECT_EQ(read(0, 0x200 + 0x10 * 1), 1u << 0x11); // IRR of 20h to 3Fh
    EXPECT_EQ(take(0), 0x52u);
    EXPECT_EQ(take(0), std::nullopt); // 3 is below 5
    EXPECT_EQ(read(0, 0xa0), 0x50u);
    EXPECT_EQ(read(0, 0x120), 1u << 0x12);
    cpus[0].client.notified = 0;
    write(0, eoi, 0);
    EXPECT_EQ(cpus[0].client.notified, 1u);
    EXPECT_EQ(take(0), 0x31u);
    write(0, eoi, 0);
    EXPECT_EQ(take(0), std::nullopt);
    write(0, eoi, 0); // one too many
}

TEST_F(Local_apic_test, TaskPriority)
{
    enable_all();
    write(0, 0x80, 0x45);
    EXPECT_EQ(cpus[0].client.cr8, 4);
    EXPECT_EQ(read(0, 0x80), 0x45u);
    cpus[0].client.cr8 = 6; // MOV CR8 clears the lower half
    EXPECT_EQ(read(0, 0x80), 0x60u);
    EXPECT_EQ(read(0, 0xa0), 0x60u);
    send(1, 0, 0x4061);
    EXPECT_EQ(take(0), std::nullopt);
    cpus[0].client.notified = 0;
    write(0, 0x80, 0x20);
    EXPECT_EQ(cpus[0].client.notified, 1u);
    EXPECT_EQ(take(0), 0x61u);
}

TEST_F(Local_apic_test, Shorthands)
{
    enable_all();
    write(1, icr_low, 0x4'4040); // self
    EXPECT_EQ(take(1), 0x40u);
    write(1, icr_low, 0x8'4041); // all
    EXPECT_EQ(take(0), 0x41u);
    write(1, eoi, 0);
    EXPECT_EQ(take(1), 0x41u);
    write(1, icr_low, 0xc'4052); // all others
    EXPECT_EQ(take(0), 0x52u);
    EXPECT_EQ(take(1), std::nullopt);
    EXPECT_EQ(take(3), 0x52u);
}

TEST_F(Local_apic_test, LogicalFlat)
{
    enable_all();
    for (unsigned i = 0; i < 4; ++i)
        write(i, 0xd0, 1u << (24 + i));
    send(0, 0x0a, 0x4840); // 1 and 3
    EXPECT_EQ(take(0), std::nullopt);
    EXPECT_EQ(take(1), 0x40u);
    EXPECT_EQ(take(2), std::nullopt);
    EXPECT_EQ(take(3), 0x40u);
    send(0, 0xff, 0x4041);
    EXPECT_EQ(take(2), 0x41u); // physical broadcast
}

TEST_F(Local_apic_test, LogicalCluster)
{
    enable_all();
    for (unsigned i = 0; i < 4; ++i)
    {
        write(i, 0xe0, 0x0fff'ffff);
        write(i, 0xd0, (0x10u * (i / 2) + (1u << (i % 2))) << 24);
    }
    send(0, 0x13, 0x4840);
    EXPECT_EQ(take(1), std::nullopt);
    EXPECT_EQ(take(2), 0x40u);
    EXPECT_EQ(take(3), 0x40u);
    send(0, 0xf2, 0x4850); // every cluster
    EXPECT_EQ(take(1), 0x50u);
    EXPECT_EQ(take(3), 0x50u);
    EXPECT_EQ(take(0), std::nullopt);
}

TEST_F(Local_apic_test, LowestPriorityTakesTurnsAmongEquals)
{
    enable_all();
    for (unsigned i = 0; i < 4; ++i)
        write(i, 0xd0, 1u << (24 + i));
    write(0, 0x80, 0x10);
    unsigned hits[4] = {};
    for (unsigned n = 0; n < 9; ++n)
    {
        send(0, 0x0f, 0x4940);
        for (unsigned i = 0; i < 4; ++i)
        {
            if (take(i))
            {
                ++hits[i];
                write(i, eoi, 0);
            }
        }
    }
    EXPECT_EQ(hits[0], 0u); // its task priority is higher
    EXPECT_EQ(hits[1] + hits[2] + hits[3], 9u);
    EXPECT_GE(hits[1], 2u);
    EXPECT_GE(hits[2], 2u);
    EXPECT_GE(hits[3], 2u);
}

TEST_F(Local_apic_test, StartsOtherProcessors)
{
    send(0, 2, 0x0609); // a start-up message before INIT
    send(0, 2, 0xc500); // INIT
    send(0, 2, 0x8500); // its de-assertion
    send(0, 2, 0x4609);
    send(0, 2, 0x460a);
    EXPECT_TRUE(apic(2).take_init());
    EXPECT_FALSE(apic(2).take_init());
    EXPECT_EQ(apic(2).take_startup(), 0x0a);
    EXPECT_EQ(apic(2).take_startup(), std::nullopt);
    send(0, 2, 0x4400);
    EXPECT_TRUE(apic(2).nmi_pending());
    apic(2).acknowledge_nmi();
    EXPECT_FALSE(apic(2).nmi_pending());
}

TEST_F(Local_apic_test, InitResetsAllButBase)
{
    enter_x2apic(1);
    EXPECT_TRUE(apic(1).write_msr(0x83f, 0x60));
    send(0, 1, 0xc500);
    EXPECT_TRUE(apic(1).take_init());
    EXPECT_EQ(take(1), std::nullopt);
    EXPECT_TRUE(apic(1).is_x2apic());
    EXPECT_EQ(apic(1).read_msr(0x80f).value(), 0xffu);
}

TEST_F(Local_apic_test, Errors)
{
    enable_all();
    write(0, 0x370, 0x22);
    send(0, 1, 0x4003); // an illegal vector
    EXPECT_EQ(read(0, 0x280), 0u);
    write(0, 0x280, 0);
    EXPECT_EQ(read(0, 0x280), 0x20u);
    EXPECT_EQ(take(0), 0x22u);
    write(0, eoi, 0);
    write(0, 0xff0, 1);
    write(0, 0x280, 0);
    EXPECT_EQ(read(0, 0x280), 0x80u);
    write(0, 0x370, 0x05); // an illegal vector for errors, too
    write(0, 0x320, 0x01);
    write(0, 0x380, 1);
    timers.advance(1'000);
    write(0, 0x280, 0);
    EXPECT_EQ(read(0, 0x280), 0x40u);
}

TEST_F(Local_apic_test, SoftwareDisabled)
{
    write(0, 0x320, 0x50);
    EXPECT_EQ(read(0, 0x320), 0x1'0050u); // stays masked
    send(1, 0, 0x4040);
    EXPECT_EQ(take(0), std::nullopt);
    enable(0);
    EXPECT_EQ(take(0), std::nullopt); // it was not kept
    write(0, 0x320, 0x50);
    write(0, 0xf0, 0xff);
    EXPECT_EQ(read(0, 0x320), 0x1'0050u);
}

TEST_F(Local_apic_test, BaseTransitions)
{
    auto& one = apic(1);
    EXPECT_FALSE(one.write_base(0xfee0'0400)); // extended without enabled
    EXPECT_FALSE(one.write_base(0xfed0'0800)); // elsewhere
    EXPECT_FALSE(one.write_base(0xfee0'0801)); // reserved
    EXPECT_TRUE(one.write_base(0xfee0'0c00));
    EXPECT_EQ(read(1, 0x20), 0xffff'ffffu);    // no page in x2APIC mode
    EXPECT_FALSE(one.write_base(0xfee0'0800)); // only by way of disabled
    EXPECT_TRUE(one.write_base(0xfee0'0000));
    EXPECT_EQ(read(1, 0x20), 0xffff'ffffu);
    EXPECT_FALSE(one.write_base(0xfee0'0c00));
    EXPECT_TRUE(one.write_base(0xfee0'0900));
    EXPECT_EQ(one.base(), 0xfee0'0800u); // who booted does not change
}

TEST_F(Local_apic_test, X2apicRegisters)
{
    EXPECT_EQ(apic(3).read_msr(0x802).error(), Error::denied);
    enter_x2apic(3);
    auto& three = apic(3);
    EXPECT_EQ(three.read_msr(0x802).value(), 3u);
    EXPECT_EQ(three.read_msr(0x803).value(), Local_apic::version_register);
    EXPECT_EQ(three.read_msr(0x80d).value(), 8u);
    EXPECT_FALSE(three.read_msr(0x80b));
    EXPECT_FALSE(three.read_msr(0x80e));
    EXPECT_FALSE(three.read_msr(0x831));
    EXPECT_FALSE(three.read_msr(0x83f));
    EXPECT_FALSE(three.write_msr(0x802, 0));
    EXPECT_FALSE(three.write_msr(0x80b, 1));
    EXPECT_FALSE(three.write_msr(0x80f, 0x200));
    EXPECT_FALSE(three.write_msr(0x808, 0x100));
    EXPECT_FALSE(three.write_msr(0x83e, 4));
    EXPECT_TRUE(three.write_msr(0x83f, 0x77));
    EXPECT_EQ(take(3), 0x77u);
    EXPECT_TRUE(three.write_msr(0x80b, 0));
    EXPECT_TRUE(three.write_msr(0x830, std::uint64_t{3} << 32 | 0x4066));
    EXPECT_EQ(three.read_msr(0x830).value(), std::uint64_t{3} << 32 | 0x4066);
    EXPECT_EQ(take(3), 0x66u);
}

TEST_F(Local_apic_test, X2apicDestinations)
{
    for (unsigned i = 0; i < 4; ++i)
        enter_x2apic(i);
    EXPECT_TRUE(apic(0).write_msr(0x830, std::uint64_t{0x0000'000a} << 32 | 0x4840)); // cluster 0, 1 and 3
    EXPECT_EQ(take(1), 0x40u);
    EXPECT_EQ(take(3), 0x40u);
    EXPECT_EQ(take(0), std::nullopt);
    EXPECT_TRUE(apic(0).write_msr(0x830, std::uint64_t{0x0001'000f} << 32 | 0x4850)); // nobody
    EXPECT_EQ(take(0), std::nullopt);
    EXPECT_TRUE(apic(0).write_msr(0x830, std::uint64_t{0xffff'ffff} << 32 | 0x4060)); // everybody
    EXPECT_EQ(take(0), 0x60u);
    EXPECT_EQ(take(2), 0x60u);
}

TEST_F(Local_apic_test, LazyEnd)
{
    enable_all();
    auto& cpu = cpus[0];
    apic(0).connect(static_cast<Lazy_end&>(cpu.lazy));
    send(1, 0, 0x4040);
    EXPECT_EQ(take(0), 0x40u);
    EXPECT_EQ(cpu.lazy.offers, 0u); // not asked for
    write(0, eoi, 0);

    cpu.lazy.wanted = true;
    send(1, 0, 0x4040);
    EXPECT_EQ(take(0), 0x40u);
    EXPECT_EQ(apic(0).pending_interrupt(), std::nullopt); // looking does not take it back
    EXPECT_TRUE(cpu.lazy.flag);
    cpu.lazy.flag = false; // the guest ends it in its memory
    send(1, 0, 0x4031);
    EXPECT_EQ(take(0), 0x31u); // the lower class: 40 has ended
    EXPECT_TRUE(cpu.lazy.flag);

    send(1, 0, 0x4030); // something waits: the guest must say when it ends
    EXPECT_EQ(take(0), std::nullopt);
    EXPECT_FALSE(cpu.lazy.flag);
    write(0, eoi, 0);
    EXPECT_EQ(take(0), 0x30u);
    write(0, eoi, 0); // a real end while one is offered
    EXPECT_FALSE(cpu.lazy.flag);
    EXPECT_EQ(read(0, 0x110), 0u);
}

TEST_F(Local_apic_test, PicByVirtualWire)
{
    pic.write_byte(0x20, 0x11);
    pic.write_byte(0x21, 0x30);
    pic.write_byte(0x21, 0x04);
    pic.write_byte(0x21, 0x01);
    router.set_line(0, true);
    EXPECT_GE(cpus[0].client.notified, 1u);
    cpus[0].client.cr8 = 15; // does not hold it back
    EXPECT_EQ(take(0), 0x30u);
    EXPECT_EQ(take(0), std::nullopt);
    router.set_line(0, false);
    pic.write_byte(0x20, 0x20);
    // A masked LINT0 lets nothing in, until it is unmasked.
    write(0, 0x350, 0x1'0700);
    router.set_line(4, true);
    EXPECT_EQ(take(0), std::nullopt);
    enable(0);
    cpus[0].client.notified = 0;
    write(0, 0x350, 0x700);
    EXPECT_EQ(cpus[0].client.notified, 1u);
    EXPECT_EQ(take(0), 0x34u);
    // Without its APIC the processor has its pin.
    pic.write_byte(0x20, 0x20);
    EXPECT_TRUE(apic(0).write_base(0xfee0'0100));
    router.set_line(3, true);
    EXPECT_EQ(take(0), 0x33u);
}

TEST_F(Local_apic_test, LocalInputs)
{
    enable_all();
    write(1, 0x360, 0x400); // LINT1: NMI
    apic(1).set_local_input(1, true);
    EXPECT_TRUE(apic(1).nmi_pending());
    apic(1).acknowledge_nmi();
    apic(1).set_local_input(1, true); // no edge
    EXPECT_FALSE(apic(1).nmi_pending());
    write(1, 0x350, 0x60);
    apic(1).set_local_input(0, true);
    EXPECT_EQ(take(1), 0x60u);
}

TEST_F(Local_apic_test, SurvivesGarbage)
{
    Garbage garbage(7);
    for (unsigned i = 0; i < 400'000; ++i)
    {
        auto const cpu = static_cast<unsigned>(garbage.below(4));
        switch (garbage.below(9))
        {
        case 0:
            read(cpu, static_cast<unsigned>(garbage.number()));
            break;
        case 1:
            static_cast<void>(apic(cpu).read_msr(0x800 + static_cast<std::uint32_t>(garbage.below(64))));
            break;
        case 2:
            static_cast<void>(
                apic(cpu).write_msr(0x800 + static_cast<std::uint32_t>(garbage.below(64)), garbage.number()));
            break;
        case 3:
            static_cast<void>(
                apic(cpu).write_base(garbage.below(2) ? garbage.number() : 0xfee0'0000 | garbage.below(4) << 10));
            break;
        case 4:
            apic(cpu).set_deadline(garbage.number());
            break;
        case 5:
            timers.advance(garbage.below(300'000));
            break;
        case 6:
            take(cpu);
            apic(cpu).take_init();
            apic(cpu).take_startup();
            break;
        case 7:
            enable(cpu);
            break;
        default:
            write(cpu, static_cast<unsigned>(garbage.below(0x400)) & ~0xfu,
                  static_cast<std::uint32_t>(garbage.number()));
        }
    }
}

} // namespace ovm::interface::test
