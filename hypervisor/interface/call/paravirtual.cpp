#include "interface/call/paravirtual.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint64_t enabled = 1;
constexpr std::uint64_t billion = 1'000'000'000;
constexpr std::uint8_t stable = 1;

/// system_time += ((ticks << shift) * multiplier) >> 32, as pvclock computes it.
struct Scale
{
    std::uint32_t multiplier = 0;
    std::int8_t shift = 0;
};

Scale scale_of(std::uint64_t ticks_per_second)
{
    Scale scale{};
    // Bring the frequency into (10^9 / 2, 10^9], so that the multiplier uses all of its 32 bits.
    auto frequency = ticks_per_second;
    while (frequency > billion * 2)
    {
        frequency >>= 1;
        --scale.shift;
    }
    while (frequency <= billion)
    {
        frequency <<= 1;
        ++scale.shift;
    }
    scale.multiplier = static_cast<std::uint32_t>((billion << 32) / frequency);
    return scale;
}

} // namespace

std::uint32_t paravirtual_features()
{
    constexpr std::uint32_t clock_source = 1u << 0;
    constexpr std::uint32_t no_io_delay = 1u << 1;
    constexpr std::uint32_t clock_source_2 = 1u << 3;
    constexpr std::uint32_t steal_time = 1u << 5;
    constexpr std::uint32_t lazy_end = 1u << 6;
    constexpr std::uint32_t clock_stable = 1u << 24;
    return clock_source | no_io_delay | clock_source_2 | steal_time | lazy_end |
           (arch::time_stamp_is_invariant() ? clock_stable : 0);
}

Result<std::uint64_t> Paravirtual::read_msr(std::uint32_t msr) const
{
    switch (msr)
    {
    case wall_clock_old:
    case first_msr:
        return wall_clock_;
    case system_time_old:
    case first_msr + 1:
        return system_time_;
    case first_msr + 3:
        return steal_time_;
    case first_msr + 4:
        return end_of_interrupt_;
    default:
        return Error::denied;
    }
}

Result<> Paravirtual::write_msr(processor::Vcpu& vcpu, std::uint32_t msr, std::uint64_t value)
{
    switch (msr)
    {
    case wall_clock_old:
    case first_msr:
        wall_clock_ = value;
        write_wall_clock(value);
        return {};
    case system_time_old:
    case first_msr + 1:
        system_time_ = value;
        write_system_time();
        return {};
    case first_msr + 3:
        if ((value & 0x3e) != 0)
            return Error::denied;
        steal_time_ = value;
        write_steal_time(vcpu);
        return {};
    case first_msr + 4:
        if ((value & 2) != 0)
            return Error::denied;
        end_of_interrupt_ = value;
        return {};
    default:
        return Error::denied;
    }
}

// Writes to guest memory may fail where the guest named no RAM: then it is not told, which harms only itself.

void Paravirtual::write_wall_clock(std::uint64_t value)
{
    Guest_physical const at(value);
    auto const since_boot = arch::to_nanoseconds(machine_start_).value();
    auto const seconds = static_cast<std::uint64_t>(arch::boot_wall_clock_seconds()) + since_boot / billion;
    static_cast<void>(memory_.store(at, 4, 1));
    static_cast<void>(memory_.store(at + Bytes{4}, 4, seconds));
    static_cast<void>(memory_.store(at + Bytes{8}, 4, since_boot % billion));
    static_cast<void>(memory_.store(at, 4, 2));
}

void Paravirtual::write_system_time()
{
    if ((system_time_ & enabled) == 0)
        return;
    Guest_physical const at(system_time_ & ~enabled);
    auto const now = arch::time_stamp();
    auto const elapsed = arch::to_nanoseconds(now - machine_start_).value();
    auto const scale = scale_of(arch::ticks_per_second());
    time_version_ += 2;
    static_cast<void>(memory_.store(at, 4, time_version_ - 1));
    static_cast<void>(memory_.store(at + Bytes{8}, 8, time_.guest(now).value()));
    static_cast<void>(memory_.store(at + Bytes{16}, 8, elapsed));
    static_cast<void>(memory_.store(at + Bytes{24}, 4, scale.multiplier));
    static_cast<void>(memory_.store(at + Bytes{28}, 1, static_cast<std::uint8_t>(scale.shift)));
    static_cast<void>(memory_.store(at + Bytes{29}, 1, arch::time_stamp_is_invariant() ? stable : 0));
    static_cast<void>(memory_.store(at, 4, time_version_));
}

void Paravirtual::write_steal_time(processor::Vcpu& vcpu)
{
    if ((steal_time_ & enabled) == 0)
        return;
    Guest_physical const at(steal_time_ & ~std::uint64_t{0x3f});
    steal_version_ += 2;
    static_cast<void>(memory_.store(at + Bytes{8}, 4, steal_version_ - 1));
    static_cast<void>(memory_.store(at, 8, vcpu.steal_time().value()));
    static_cast<void>(memory_.store(at + Bytes{12}, 4, 0));
    static_cast<void>(memory_.store(at + Bytes{8}, 4, steal_version_));
}

void Paravirtual::resumed(processor::Vcpu& vcpu)
{
    write_steal_time(vcpu);
}

bool Paravirtual::offer()
{
    if ((end_of_interrupt_ & enabled) == 0)
        return false;
    return memory_.store(Guest_physical(end_of_interrupt_ & ~std::uint64_t{3}), 1, 1).has_value();
}

bool Paravirtual::withdraw()
{
    if ((end_of_interrupt_ & enabled) == 0)
        return false;
    Guest_physical const at(end_of_interrupt_ & ~std::uint64_t{3});
    auto const word = memory_.load(at, 1);
    if (!word)
        return false;
    static_cast<void>(memory_.store(at, 1, *word & 0xfe));
    return (*word & 1) == 0;
}

std::uint64_t Paravirtual_calls::call(processor::Vcpu&, std::uint64_t)
{
    return no_such_call;
}

} // namespace ovm::interface
