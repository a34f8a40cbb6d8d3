#pragma once

#include <cstdint>

#include "arch/fault.hpp"
#include "arch/processor.hpp"

/// One entry into the hypervisor on one core, which can be discarded: what it was doing ends at once, and its stack is
/// dropped (ARCHITECTURE.md, section 3, a fault).
namespace ovm::arch
{

class Crossing_body
{
public:
    virtual void cross() = 0;

protected:
    ~Crossing_body() = default;
};

/// Runs the body. Answers nothing when it returned, and the fault when the crossing was discarded: then no destructor
/// of it ran, its locks are free again, and interrupts are off. Not nested.
const Fault* run_crossing(Crossing_body& body);

/// Ends this core's crossing. Returns only when it cannot: none is marked, it works for no fault domain, or a commit
/// section is open, whose half-done writes nobody could undo. Then the core is lost, and who called this says so.
void discard_crossing(const Fault& fault);

/// In the port: back to where run_crossing() marked the stack.
[[noreturn]] void leave_crossing();

/// Writes that belong together and cannot trap; a fault inside costs the core.
class Commit_section
{
public:
    Commit_section() { ++core_window().commit_sections; }
    ~Commit_section() { --core_window().commit_sections; }
    Commit_section(const Commit_section&) = delete;
    Commit_section& operator=(const Commit_section&) = delete;
};

} // namespace ovm::arch
