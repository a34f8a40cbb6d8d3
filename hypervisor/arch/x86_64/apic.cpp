#include "arch/x86_64/apic.hpp"

#include "arch/processor.hpp"
#include "arch/x86_64/cpuid.hpp"
#include "arch/x86_64/msr.hpp"
#include "arch/x86_64/paging.hpp"
#include "arch/x86_64/trap.hpp"
#include "base/bits.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint64_t apic_enable = 1 << 11;
constexpr std::uint64_t boot_core = 1 << 8;
constexpr std::uint64_t x2apic_enable = 1 << 10;
constexpr std::uint32_t masked = 1 << 16;

// Interrupt command register (16.5): message type, level assert, shorthand, delivery status.
constexpr std::uint32_t type_nmi = 4 << 8;
constexpr std::uint32_t type_init = 5 << 8;
constexpr std::uint32_t type_startup = 6 << 8;
constexpr std::uint32_t level_assert = 1 << 14;
constexpr std::uint32_t all_others = 3 << 18;
constexpr std::uint32_t delivery_pending = 1 << 12;

constinit Local_apic the_local_apic{};

} // namespace

Local_apic& local_apic()
{
    return the_local_apic;
}

void Local_apic::find(Host_physical at)
{
    x2apic_ = (cpuid(1).ecx & bit(21)) != 0;
    if (!x2apic_)
        registers_ = reinterpret_cast<volatile std::uint32_t*>(map_device(at, page_size, Page_kind::uncached).value());
}

void Local_apic::enable()
{
    auto const base = read_msr(Msr::apic_base) | apic_enable;
    write_msr(Msr::apic_base, base);
    if (x2apic_)
        write_msr(Msr::apic_base, base | x2apic_enable);
    write(0x80, 0);                        // task priority: all interrupts
    write(0xf0, 0x100 | vector::spurious); // software enable
    write(0x320, masked | vector::timer);
    write(0x350, masked);   // LINT0: the old PICs
    write(0x360, type_nmi); // LINT1
    write(0x3e0, 0xb);      // timer counts every bus clock
    write(0x380, 0);
    end_of_interrupt();
}

bool Local_apic::is_of_boot_core() const
{
    return (read_msr(Msr::apic_base) & boot_core) != 0;
}

std::uint32_t Local_apic::id() const
{
    return x2apic_ ? read(0x20) : read(0x20) >> 24;
}

std::uint32_t Local_apic::read(std::uint32_t offset) const
{
    if (x2apic_)
        return static_cast<std::uint32_t>(
            read_msr(static_cast<Msr>(static_cast<std::uint32_t>(Msr::x2apic) + offset / 16)));
    return registers_[offset / 4];
}

void Local_apic::write(std::uint32_t offset, std::uint32_t value)
{
    if (x2apic_)
        write_msr(static_cast<Msr>(static_cast<std::uint32_t>(Msr::x2apic) + offset / 16), value);
    else if (registers_ != nullptr)
        registers_[offset / 4] = value;
}

void Local_apic::command(std::uint32_t apic_id, std::uint32_t low)
{
    if (x2apic_)
    {
        // What was stored before must be seen by who is interrupted; WRMSR to x2APIC does not order it.
        asm volatile("mfence; lfence" : : : "memory");
        write_msr(static_cast<Msr>(static_cast<std::uint32_t>(Msr::x2apic) + 0x30), std::uint64_t{apic_id} << 32 | low);
        return;
    }
    if (registers_ == nullptr)
        return;
    for (std::uint32_t i = 0; i < 1'000'000 && (read(0x300) & delivery_pending) != 0; ++i)
        pause();
    write(0x310, apic_id << 24);
    write(0x300, low);
}

void Local_apic::send(std::uint32_t apic_id, std::uint8_t number)
{
    command(apic_id, level_assert | number);
}

void Local_apic::send_init(std::uint32_t apic_id)
{
    command(apic_id, level_assert | type_init);
}

void Local_apic::send_init_to_others()
{
    command(0, level_assert | type_init | all_others);
}

void Local_apic::send_startup(std::uint32_t apic_id, Host_physical page)
{
    command(apic_id, level_assert | type_startup | static_cast<std::uint32_t>(page.value() / page_size.value()));
}

void Local_apic::send_nmi(std::uint32_t apic_id)
{
    command(apic_id, level_assert | type_nmi);
}

void Local_apic::send_nmi_to_others()
{
    command(0, level_assert | type_nmi | all_others);
}

void Local_apic::enable_timer(bool deadline_mode)
{
    write(0x320, (deadline_mode ? 2u << 17 : 0u) | vector::timer);
    asm volatile("mfence" : : : "memory");
}

} // namespace ovm::arch
