#pragma once

#include <string>
#include <utility>

#include "launcher/failure.hpp"
#include "launcher/session/record_reader.hpp"
#include "launcher/unique_descriptor.hpp"

namespace ovm::launcher
{

/// A socket in the file system, its owner's alone, by which a program speaks to OVM over the second serial line: what
/// it sends goes there as it is, and what comes back are the records that answer it. One program at a time; the next
/// one waits. The socket's file goes with this.
class Control
{
public:
    /// Takes the place of a socket on which nobody listens any more.
    static Checked<Control> listen(const std::string& path);
    Control() = default; ///< none
    Control(Control&& other) noexcept
        : path_(std::exchange(other.path_, {})), door_(std::move(other.door_)), guest_(std::move(other.guest_))
    {
    }
    Control& operator=(Control&& other) noexcept
    {
        std::swap(path_, other.path_);
        std::swap(door_, other.door_);
        std::swap(guest_, other.guest_);
        return *this;
    }
    ~Control();

    /// What is readable when there is something to do; -1: nothing is.
    int descriptor() const { return guest_.open() ? guest_.get() : door_.get(); }
    /// Something may be readable: lets a program in, or adds what it says.
    void read(std::string& requests);
    /// What it does not take at once is lost: it asks again.
    void answer(const Record& record);

private:
    std::string path_;
    Unique_descriptor door_;
    Unique_descriptor guest_;
};

} // namespace ovm::launcher
