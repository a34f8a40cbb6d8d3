#pragma once

namespace ovm::launcher
{

/// Puts the terminal on a descriptor into raw mode, where every key is a byte and nothing is echoed, and puts it back:
/// with the object, or when a fatal signal ends the program. Only one at a time.
class Terminal_mode
{
public:
    /// Does nothing where the descriptor is no terminal.
    explicit Terminal_mode(int descriptor);
    Terminal_mode(const Terminal_mode&) = delete;
    Terminal_mode& operator=(const Terminal_mode&) = delete;
    ~Terminal_mode() { restore(); }

    bool raw() const { return raw_; }
    void restore();

private:
    bool raw_ = false;
};

} // namespace ovm::launcher
