#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "base/text.hpp"

namespace ovm::object
{

/// The phases of a swap, in order (tests/model/swap.pml).
enum class Swap_phase : std::uint8_t
{
    construct,
    close_gate,
    drain,
    carry,
    publish,
    retire,
    done
};

constexpr std::string_view to_text(Swap_phase phase)
{
    switch (phase)
    {
    case Swap_phase::construct:
        return "construct";
    case Swap_phase::close_gate:
        return "close gate";
    case Swap_phase::drain:
        return "drain";
    case Swap_phase::carry:
        return "carry state";
    case Swap_phase::publish:
        return "publish";
    case Swap_phase::retire:
        return "retire";
    case Swap_phase::done:
        return "done";
    }
    return "unknown";
}

/// One swap, as the history keeps it.
struct Swap_record
{
    Ticks begun{};
    Ticks gate{};    ///< how long the gate was closed; 0: there is none
    Ticks whole{};   ///< from the request to the end of the old policy
    Text<31> from{}; ///< by name, as policies of modules may be gone
    Text<31> to{};
    Text<24> who{};
    Swap_phase reached = Swap_phase::done; ///< less: it failed there, and the old policy goes on
    Error error = Error::invalid;          ///< of a failure
    std::uint32_t lost = 0;                ///< what the canonical state could not keep
    bool returned = false;                 ///< by OVM itself, as the policy before failed
    bool replaced_failed = false;          ///< the policy before had failed, whoever asked for the swap
};

/// The last swaps of one resource, the latest first.
/// Concurrency: the core where swaps run.
class History
{
public:
    static constexpr std::size_t depth = 8;

    void add(const Swap_record& record) { records_[count_++ % depth] = record; }
    /// How many there ever were.
    std::uint64_t count() const { return count_; }
    std::size_t kept() const { return count_ < depth ? static_cast<std::size_t>(count_) : depth; }
    /// `back` < kept(); 0 is the latest.
    const Swap_record& operator[](std::size_t back) const { return records_[(count_ - 1 - back) % depth]; }

private:
    std::array<Swap_record, depth> records_{};
    std::uint64_t count_ = 0;
};

} // namespace ovm::object
