#pragma once

#include <cstdint>

/// What OVM tells the program that started it on the second serial port, and what that asks of it: the format that
/// hypervisor and launcher share (docs/reference/boot-archive.md, "Records"). A record is
///
///     record_magic  type  VM  n  n bytes of payload  XOR of type, VM, n and the payload
///
/// The VM is its number in machine.conf, from 1; 0 is OVM itself. A reader that meets a wrong checksum or an unknown
/// type goes on at the next record_magic.
namespace ovm::interface
{

inline constexpr std::uint8_t record_magic = 0xA5;
inline constexpr unsigned record_head_size = 4;
inline constexpr unsigned record_payload_max = 255;

enum class Record_type : std::uint8_t
{
    up = 'B',         ///< OVM runs; payload: its version
    vm = 'V',         ///< a VM is there; payload: its name
    output = 'O',     ///< bytes of a guest's serial port
    log = 'L',        ///< a line of OVM's log, without newline
    crash = 'C',      ///< a line of OVM's own crash record
    guest_stop = 'G', ///< a line about a guest that was stopped
    ended = 'E',      ///< a VM ended; payload: End_reason, 4 bytes of value (little endian), a line of detail
    restarted = 'R',  ///< a VM starts again
    finished = 'X',   ///< OVM is done; payload: its Finish_status
    answer = 'T', ///< to a Request; payload: Delivery_state, the file's number, 4 bytes of how much has come, a line
};

/// Records to OVM, of VM 0, by which a file is delivered. Each begins with 4 bytes of a number that the sender chose
/// for the file, and 4 bytes of another number, both little endian; each has an answer, and one that comes before the
/// answer to the one before may be lost. A piece that is sent twice is taken once.
enum class Request : std::uint8_t
{
    file = 'F',  ///< a new one: its size, its name
    data = 'D',  ///< a piece of it: where it begins, its bytes
    state = 'S', ///< asks only for an answer
};

enum class Delivery_state : std::uint8_t
{
    go_on = 'g',    ///< it is to go on where the answer says
    received = 'r', ///< all came, and is being checked
    done = 'd',     ///< it was; the line says what was done
    refused = 'x',  ///< the line says why; nothing is kept
};

enum class End_reason : std::uint8_t
{
    powered_off = 1,
    reset = 2,
    debug_exit = 3,      ///< the value is what the guest wrote to its debug-exit port
    halted = 4,          ///< interrupts off on every vcpu: nothing can wake it
    crashed = 5,         ///< triple fault or an exit that nobody knows; the detail says which
    could_not_start = 6, ///< the detail says why
};

/// The payload of an `answer` before its line, and of a request before its name or bytes.
inline constexpr unsigned record_answer_size = 9;
inline constexpr unsigned record_request_size = 8;

/// The payload of an `ended` record before its detail: one byte of End_reason and the value.
inline constexpr unsigned record_ended_size = 5;

enum class Finish_status : std::uint8_t
{
    good = 0,
    debug_exit_not_zero = 1,
    bad_configuration = 2,
    guest_crashed = 3,
    hypervisor_crashed = 4,
};

} // namespace ovm::interface
