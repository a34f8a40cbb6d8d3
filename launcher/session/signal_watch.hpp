#pragma once

#include <csignal>
#include <optional>

#include "launcher/unique_descriptor.hpp"

namespace ovm::launcher
{

/// Turns the signals that end a program, and the death of a child, into something that poll() sees.
class Signal_watch
{
public:
    Signal_watch();
    Signal_watch(const Signal_watch&) = delete;
    Signal_watch& operator=(const Signal_watch&) = delete;
    ~Signal_watch();

    int descriptor() const { return descriptor_.get(); }
    /// The signal that asks us to end, if one came. Takes notice of dead children in passing.
    std::optional<int> take();

private:
    sigset_t previous_{};
    Unique_descriptor descriptor_;
};

} // namespace ovm::launcher
