#pragma once

#include <cstdint>
#include <utility>

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

/// Whether this core's crossing can be discarded: one is marked, it works for a fault domain, and no commit section is
/// open, whose half-done writes nobody could undo.
bool can_discard(const Core_window& window);
/// Ends this core's crossing. Returns only when it cannot be discarded: the core is lost, and who called this says so.
void discard_crossing(const Fault& fault);
/// All of a discard but the leaving: what was logged is undone, the locks are free, `fault` is what run_crossing()
/// will answer. Requires can_discard().
void prepare_discard(const Fault& fault);

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

/// What a discard takes back if it comes before the scope ends: writes to what crossings share that would be left
/// half-changed, a frame or block that nobody owns yet.
/// Concurrency: its core. Lifetime: a scope; nested.
class Undo
{
public:
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;

    /// In the discard, the crossing's stack and locks still as they were. A fault in here costs the core.
    virtual void undo() = 0;

protected:
    Undo() : before_(std::exchange(core_window().undo, this)) {}
    ~Undo() { core_window().undo = before_; }

private:
    friend void prepare_discard(const Fault& fault);
    Undo* before_;
};

} // namespace ovm::arch
