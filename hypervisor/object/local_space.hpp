#pragma once

#include "arch/core_window.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "object/job/job.hpp"
#include "object/message/message.hpp"

namespace ovm::object
{

/// What the object floor keeps of one core. It is found through the core's window.
/// Concurrency: the inbox's; the jobs are the core's own.
/// Lifetime:    as long as the machine.
class alignas(arch::cache_line) Local_space
{
public:
    explicit Local_space(Core_id core) : inbox(core) { arch::core_window_of(core).local = this; }
    Local_space(const Local_space&) = delete;
    Local_space& operator=(const Local_space&) = delete;

    Inbox inbox;
    Job_queue jobs{};
};

/// This core's, and another one's. Requires that the core has started.
inline Local_space& local_space()
{
    return *arch::core_window().local;
}

inline Local_space& local_space(Core_id core)
{
    auto* const local = arch::core_window_of(core).local;
    OVM_REQUIRES_THAT(local != nullptr);
    return *local;
}

} // namespace ovm::object
