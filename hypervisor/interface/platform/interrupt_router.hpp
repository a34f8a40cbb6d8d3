#pragma once

#include <algorithm>

#include "interface/platform/ioapic.hpp"
#include "interface/platform/pic.hpp"

namespace ovm::interface
{

/// Brings a line to both interrupt controllers of the PC. Lines 0 to 15 are the ISA interrupts, with line 0 at the
/// IOAPIC's input 2, as the ACPI tables say; 16 to 23 lead to the IOAPIC alone. Line 2 is the PICs' own.
class Interrupt_router final : public Irq_sink, public Tick_sink
{
public:
    Interrupt_router(Pic& pic, Ioapic& ioapic) : pic_(pic), ioapic_(ioapic) {}

    void set_line(unsigned line, bool level) override { static_cast<void>(route(line, level)); }

    Acceptance tick(unsigned line) override
    {
        auto const result = route(line, true);
        static_cast<void>(route(line, false));
        return result;
    }

private:
    Acceptance route(unsigned line, bool level)
    {
        if (line == 2)
            return Acceptance::nobody;
        auto const by_pic = pic_.set_input(line, level);
        return std::max(by_pic, ioapic_.set_input(line == 0 ? 2 : line, level));
    }

    Pic& pic_;
    Ioapic& ioapic_;
};

} // namespace ovm::interface
