#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "arch/core_window.hpp"
#include "arch/exit.hpp"
#include "base/text.hpp"
#include "base/weave.hpp"
#include "interface/command/command.hpp"
#include "interface/console/log.hpp"

/// Writes a line into OVM's log for every privileged request: a command that changes something (a class with the tag
/// `privileged`), by whom and with its words; a guest's hypercall. A guest may call as often as it likes, so its core
/// writes of the first, second, fourth, eighth ... call only, with how many there were.
struct OVM_ASPECT Audit
{
    OVM_BEFORE("execution(**::run) && derived(ovm::interface::Command) && tagged(privileged)")
    static void command(auto& arguments) { begun(arguments); }

    OVM_BEFORE("execution(ovm::interface::**::call) && derived(ovm::interface::Call_target)")
    static void hypercall()
    {
        auto const& window = ovm::arch::core_window();
        auto const calls = window.exits[static_cast<std::size_t>(ovm::arch::Exit_kind::hypercall)];
        if (std::has_single_bit(calls))
            ovm::interface::log("audit: hypercall of VM ", window.guest.vm.value(), ", ", calls, " on this core");
    }

    /// A command comes again for each of its slices; it is audited once.
    static void begun(const ovm::interface::Invocation& invocation)
    {
        if (invocation.step != 0)
            return;
        std::array<char, 200> storage{};
        ovm::Text_writer words(storage);
        for (auto const word : invocation.words)
            words << " " << word;
        ovm::interface::log("audit: ", invocation.who, ":", words.view());
    }
};
