#include "arch/x86_64/io_apic.hpp"

#include "arch/processor.hpp"
#include "arch/serial.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/machine.hpp"
#include "arch/x86_64/paging.hpp"
#include "arch/x86_64/port.hpp"
#include "arch/x86_64/serial.hpp"
#include "arch/x86_64/trap.hpp"
#include "base/static_vector.hpp"

namespace ovm::arch
{

namespace
{

/// Intel 82093AA, section 3: an index and a data register.
class Io_apic
{
public:
    Io_apic() = default;
    Io_apic(Host_virtual at, std::uint32_t first_line)
        : registers_(reinterpret_cast<volatile std::uint32_t*>(at.value())), first_line_(first_line)
    {
    }

    std::uint32_t inputs() const { return ((read(1) >> 16) & 0xff) + 1; }
    bool has(std::uint32_t line) const { return line >= first_line_ && line - first_line_ < inputs(); }

    void route(std::uint32_t line, std::uint32_t low, std::uint32_t apic_id)
    {
        auto const entry = 0x10 + 2 * (line - first_line_);
        write(entry, masked);
        write(entry + 1, apic_id << 24);
        write(entry, low);
    }

    void mask_all()
    {
        for (std::uint32_t i = 0; i < inputs(); ++i)
            write(0x10 + 2 * i, masked);
    }

    static constexpr std::uint32_t masked = 1 << 16;
    static constexpr std::uint32_t level = 1 << 15;
    static constexpr std::uint32_t active_low = 1 << 13;
    static constexpr std::uint32_t nmi = 4 << 8;
    static constexpr std::uint32_t all_cores = 0xff;

private:
    std::uint32_t read(std::uint32_t index) const
    {
        registers_[0] = index;
        return registers_[4];
    }
    void write(std::uint32_t index, std::uint32_t value)
    {
        registers_[0] = index;
        registers_[4] = value;
    }

    volatile std::uint32_t* registers_ = nullptr;
    std::uint32_t first_line_ = 0;
};

constinit Static_vector<Io_apic, 16> io_apics{};
constinit Serial_receiver* receiver = nullptr;
constinit bool hears_programs = false;

} // namespace

void mask_all_lines(const Acpi_information& acpi)
{
    out8(Port(0x21), 0xff);
    out8(Port(0xa1), 0xff);
    for (auto const& found : acpi.io_apics)
    {
        Io_apic io_apic(map_device(found.address, page_size, Page_kind::uncached), found.first_line);
        io_apic.mask_all();
        static_cast<void>(io_apics.push_back(io_apic));
    }
}

bool route_isa_interrupt(const Acpi_information& acpi, std::uint8_t irq, std::uint8_t number)
{
    auto const route = acpi.route(irq);
    for (auto& io_apic : io_apics)
    {
        if (!io_apic.has(route.line))
            continue;
        io_apic.route(route.line,
                      number | (route.level ? Io_apic::level : 0u) | (route.active_low ? Io_apic::active_low : 0u),
                      local_apic().id());
        return true;
    }
    return false;
}

bool route_to_all_as_nmi(std::uint32_t line)
{
    for (auto& io_apic : io_apics)
    {
        if (!io_apic.has(line))
            continue;
        io_apic.route(line, Io_apic::nmi, Io_apic::all_cores);
        return true;
    }
    return false;
}

namespace
{

void take_bytes(Serial line, Uart& uart)
{
    // Bounded: neither a stuck line nor one that brings bytes as fast as they are taken may hold the core. The rest
    // comes by another interrupt, in a crossing of its own.
    for (unsigned i = 0; i < 64; ++i)
    {
        auto const byte = uart.read();
        if (byte < 0)
            return;
        if (receiver != nullptr)
            receiver->received(line, static_cast<std::uint8_t>(byte));
    }
    uart.renew_receive_interrupt();
}

} // namespace

void serial_interrupt()
{
    take_bytes(Serial::terminal, com1());
    if (hears_programs)
        take_bytes(Serial::records, com2());
}

void listen_serial(Serial line, Serial_receiver& listener)
{
    constexpr std::uint8_t com1_irq = 4, com2_irq = 3;
    bool const terminal = line == Serial::terminal;
    auto& uart = terminal ? com1() : com2();
    receiver = &listener;
    hears_programs = hears_programs || !terminal;
    route_isa_interrupt(machine_description(), terminal ? com1_irq : com2_irq, vector::serial);
    uart.enable_receive_interrupt();
    take_bytes(line, uart);
}

bool serial_present(Serial line)
{
    return (line == Serial::terminal ? com1() : com2()).present();
}

bool try_write_serial(Serial line, std::uint8_t byte)
{
    return (line == Serial::terminal ? com1() : com2()).try_write(byte);
}

} // namespace ovm::arch
