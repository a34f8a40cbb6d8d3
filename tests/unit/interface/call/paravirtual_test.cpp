#include "interface/call/vcpu_fixture.hpp"

namespace ovm::interface::test
{

class Paravirtual_test : public Vcpu_fixture
{
protected:
    static constexpr std::uint64_t area = 0x5000;

    /// As Linux' pvclock reads it.
    std::uint64_t guest_nanoseconds(std::uint64_t guest_ticks)
    {
        auto const delta = guest_ticks - load(area + 8, 8);
        auto const shift = static_cast<std::int8_t>(load(area + 28, 1));
        auto const scaled = shift < 0 ? delta >> -shift : delta << shift;
        return load(area + 16, 8) +
               static_cast<std::uint64_t>(static_cast<unsigned __int128>(scaled) * load(area + 24, 4) >> 32);
    }
};

TEST_F(Paravirtual_test, TheClockFollowsTheCounter)
{
    arch::hosted::set_time(machine_start + Ticks(1'000'000));
    EXPECT_TRUE(write(0x4b56'4d01, area | 1));
    EXPECT_EQ(read(0x4b56'4d01).value(), area | 1);
    EXPECT_EQ(load(area, 4) % 2, 0u);
    EXPECT_NE(load(area, 4), 0u);
    EXPECT_EQ(load(area + 29, 1), arch::time_stamp_is_invariant() ? 1u : 0u);
    for (std::uint64_t const ticks : {1'000'000ull, 3'000'000ull, 60'000'000'000ull})
    {
        auto const expected = arch::to_nanoseconds(Ticks(ticks)).value();
        EXPECT_NEAR(static_cast<double>(guest_nanoseconds(ticks)), static_cast<double>(expected), 100.0);
    }
}

TEST_F(Paravirtual_test, TheVersionGrows)
{
    EXPECT_TRUE(write(0x12, area | 1)); // by its old number
    auto const before = load(area, 4);
    EXPECT_TRUE(write(0x12, area | 1));
    EXPECT_GT(load(area, 4), before);
    EXPECT_TRUE(write(0x12, 0));
}

TEST_F(Paravirtual_test, TheWallClock)
{
    EXPECT_TRUE(write(0x4b56'4d00, 0x6000));
    auto const seconds = load(0x6004, 4);
    auto const expected = static_cast<std::uint64_t>(arch::boot_wall_clock_seconds()) +
                          arch::to_nanoseconds(machine_start).value() / 1'000'000'000;
    EXPECT_EQ(seconds, expected & 0xffff'ffff);
    EXPECT_EQ(load(0x6000, 4) % 2, 0u);
    EXPECT_LT(load(0x6008, 4), 1'000'000'000u);
}

TEST_F(Paravirtual_test, StealTime)
{
    EXPECT_FALSE(write(0x4b56'4d03, 0x7003)); // reserved bits
    EXPECT_TRUE(write(0x4b56'4d03, 0x7001));
    auto const version = load(0x7008, 4);
    EXPECT_EQ(version % 2, 0u);
    EXPECT_EQ(load(0x7000, 8), vcpu->steal_time().value());
    paravirtual->resumed(*vcpu);
    EXPECT_EQ(load(0x7008, 4), version + 2);
}

TEST_F(Paravirtual_test, TheEndOfAnInterruptInMemory)
{
    EXPECT_FALSE(paravirtual->offer());
    EXPECT_FALSE(write(0x4b56'4d04, 0x8002));
    EXPECT_TRUE(write(0x4b56'4d04, 0x8001));
    EXPECT_TRUE(paravirtual->offer());
    EXPECT_EQ(load(0x8000, 1), 1u);
    EXPECT_FALSE(paravirtual->withdraw());
    EXPECT_EQ(load(0x8000, 1), 0u);
    EXPECT_TRUE(paravirtual->offer());
    EXPECT_TRUE(memory_->store(Guest_physical(0x8000), 1, 0)); // the guest ends it
    EXPECT_TRUE(paravirtual->withdraw());
}

TEST_F(Paravirtual_test, MovingTheWordSettlesTheOffer)
{
    apic->connect(static_cast<Lazy_end&>(*paravirtual));
    apic->write_memory_register(0x0f0, 0x1ff);
    auto const serve = [this](std::uint32_t interrupt)
    {
        apic->write_memory_register(0x300, 0x4'4000 | interrupt); // to itself
        auto const pending = apic->pending_interrupt();
        return pending ? apic->acknowledge(*pending) : 0u;
    };
    auto const in_service = [this](unsigned interrupt)
    { return (apic->read_memory_register(0x100 + interrupt / 32 * 0x10) >> interrupt % 32 & 1) != 0; };
    EXPECT_TRUE(memory_->store(Guest_physical(0), 1, 0xff));

    EXPECT_TRUE(write(0x4b56'4d04, 0x8001));
    EXPECT_EQ(serve(0x41), 0x41u);
    EXPECT_EQ(load(0x8000, 1), 1u);
    EXPECT_TRUE(memory_->store(Guest_physical(0x8000), 1, 0)); // the guest ends it,
    EXPECT_TRUE(write(0x4b56'4d04, 0));                        // then wants no more of this
    EXPECT_FALSE(in_service(0x41));
    EXPECT_EQ(serve(0x42), 0x42u);
    apic->write_memory_register(0x0b0, 0);
    EXPECT_FALSE(in_service(0x42));

    EXPECT_TRUE(write(0x4b56'4d04, 0x8001));
    EXPECT_EQ(serve(0x41), 0x41u);
    EXPECT_TRUE(write(0x4b56'4d04, 0x9001)); // it has not ended yet
    EXPECT_EQ(load(0x8000, 1), 0u);
    EXPECT_TRUE(in_service(0x41));
    apic->write_memory_register(0x0b0, 0);
    EXPECT_FALSE(in_service(0x41));
    EXPECT_EQ(load(0, 1), 0xffu);
}

TEST_F(Paravirtual_test, WhoAskedForNoLazyEndKeepsItsMemory)
{
    EXPECT_TRUE(memory_->store(Guest_physical(0), 1, 0xff));
    EXPECT_FALSE(paravirtual->withdraw());
    EXPECT_EQ(load(0, 1), 0xffu);
}

TEST_F(Paravirtual_test, NoRamThereIsTheGuestsOwnLoss)
{
    EXPECT_TRUE(write(0x4b56'4d01, 0xffff'ffff'ffff'f001));
    EXPECT_TRUE(write(0x4b56'4d00, ~std::uint64_t{0}));
    EXPECT_TRUE(write(0x4b56'4d03, 0xffff'ffff'ffff'ffc1));
    EXPECT_TRUE(write(0x4b56'4d04, 0xe000'0001));
    EXPECT_FALSE(paravirtual->offer());
    EXPECT_FALSE(paravirtual->withdraw());
}

TEST_F(Paravirtual_test, UnknownCallsSaySo)
{
    Paravirtual_calls calls;
    EXPECT_EQ(static_cast<std::int64_t>(calls.call(*vcpu, 1)), -1000);
    EXPECT_EQ(static_cast<std::int64_t>(calls.call(*vcpu, ~std::uint64_t{0})), -1000);
}

} // namespace ovm::interface::test
