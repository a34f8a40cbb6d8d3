#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "loader/format.hpp"
#include "loader/key_ring.hpp"

namespace ovm::loader
{

/// Reads a list of keys whose signature is good, a record a step, each of at most 10,000 instructions: what becomes of
/// a ring by it.
/// Lifetime: a view of the list's signed part.
/// Failure:  the ring that it began with is another object and unchanged.
class Key_list
{
public:
    Key_list(std::span<const std::uint8_t> body, const Key_ring& before) : body_(body), after_(before) {}

    /// Requires that it is not done and none was refused.
    std::optional<Refusal> step();
    bool done() const { return stage_ == Stage::done; }
    /// Requires that it is done.
    const Key_ring& after() const { return after_; }

private:
    enum class Stage : std::uint8_t
    {
        open,
        added,
        revoked,
        modules,
        end,
        done
    };

    std::optional<Refusal> open();
    std::optional<Refusal> revoke_module();
    /// To that stage when so many records of this one were read.
    void go_on(std::uint32_t records, Stage next);
    std::span<const std::uint8_t> take(std::size_t size);
    Key_ring::Key take_key();

    std::span<const std::uint8_t> body_; ///< what of it was not read
    Key_ring after_;
    format::Key_list header_{};
    Stage stage_ = Stage::open;
    std::uint32_t read_ = 0; ///< records of this stage
};

} // namespace ovm::loader
