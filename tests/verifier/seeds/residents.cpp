#include <cstdint>

#include "base/contract.hpp"
#include "processor/residents.hpp"
#include "processor/scheduler.hpp"

/// The core's own list: it ends, and whom it names are there.
namespace processor = ovm::processor;

OVM_VERIFIED void forget(processor::Scheduler_state& state) // expect: none
{
    for (auto& vcpu : state.vcpus)
        vcpu.place() = {};
}

OVM_VERIFIED std::uint32_t all_weights(processor::Scheduler_state& state)
{
    std::uint32_t sum = 0;
    for (auto& vcpu : state.vcpus)
        sum += vcpu.parameters().weight; // expect: addition overflows
    return sum;
}

OVM_VERIFIED void next_of_current(processor::Scheduler_state& state)
{
    state.next = state.current;
    state.next->place().list.queued = true; // expect: null pointer
}
