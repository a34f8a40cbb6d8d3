#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/core_window.hpp"
#include "arch/injection_plan.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "base/weave.hpp"
#include "interface/command/inject_command.hpp"
#include "object/heap/owned.hpp"

/// Makes the hypervisor fail at its injection points (arch/injection.hpp) for tests of what becomes of it, and adds the
/// command `inject`, which says where, when and how.
/// Cost: where it is woven, each point one look at the core's window; once the command was used, a search by name.
struct OVM_ASPECT OVM_PRECEDES("Trace") Fault
{
    OVM_BEFORE("execution(ovm::arch::injection_point)")
    static void reach(auto& arguments)
    {
        if (auto* const plan = ovm::arch::core_window().injections.load(std::memory_order_acquire))
            pass(*plan, arguments);
    }

    OVM_AFTER("execution(ovm::boot::Commands::Commands)")
    static void add_command(auto& self, auto&... arguments)
    {
        if (auto command = ovm::object::make<ovm::interface::Inject_command>(arguments.heap()...))
            OVM_ASSERT(self.add(*command->release()).has_value());
    }

    static void pass(ovm::arch::Injection_plan& plan, const char* place)
    {
        if (auto const kind = plan.pass(place))
            fail(*kind);
    }

    /// In the code that is to fail, not in the port's, where a trap ends the machine.
    [[gnu::noinline]] static void fail(ovm::arch::Fault::Kind kind)
    {
        const ovm::arch::Injection_place* volatile const nowhere = nullptr;
        std::array<std::uint8_t, 2> bytes{};
        std::size_t volatile const beyond = bytes.size();
        bool volatile const injected_fault = false;
        switch (kind)
        {
        case ovm::arch::Fault::Kind::trap:
            static_cast<void>(nowhere->passed.load());
            break;
        case ovm::arch::Fault::Kind::check:
            ++bytes[beyond];
            break;
        case ovm::arch::Fault::Kind::hang:
            while (!injected_fault)
                ovm::arch::pause();
            break;
        default:
            OVM_ASSERT(injected_fault);
        }
    }
};
