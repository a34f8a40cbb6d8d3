#pragma once

#include <utility>

#include "arch/core_window.hpp"
#include "arch/processor.hpp"
#include "base/weave.hpp"
#include "interface/command/trace_command.hpp"
#include "object/heap/owned.hpp"
#include "object/trace/trace_ring.hpp"

/// Remembers what each core did last, in a ring of its own, and adds the command `trace`, which tells.
/// Traced are a guest's exits by their handlers, entered commands, and policies and vcpus that failed; the number is
/// that of the VM whose guest the core ran last.
/// Cost: where it is woven, one look at the core's window, the time, and five stores.
struct OVM_ASPECT Trace
{
    OVM_BEFORE("execution(ovm::interface::Dispatcher::handle_*) || execution(ovm::interface::Command_job::enter)"
               "|| execution(ovm::boot::Hypervisor::*_failed)")
    static void record(const ovm::weave::Join_point& at)
    {
        auto const& window = ovm::arch::core_window();
        if (window.trace != nullptr)
            window.trace->record({ovm::arch::time_stamp(), &at, window.guest.vm.value()});
    }

    /// A core without memory for a ring runs without a trace.
    OVM_BEFORE("execution(ovm::boot::Hypervisor::start_core)")
    static void make_ring(auto& self)
    {
        if (auto ring = ovm::object::make<ovm::object::Trace_ring>(self.heap()))
            ovm::arch::core_window().trace = ring->release();
    }

    OVM_AFTER("execution(ovm::boot::Commands::Commands)")
    static void add_command(auto& self, auto&... arguments)
    {
        if (auto command = ovm::object::make<ovm::interface::Trace_command>(arguments.heap()...))
            OVM_ASSERT(self.add(*command->release()).has_value());
    }
};
