#pragma once

#include <array>

#include "object/module/module.hpp"
#include "processor/halt.hpp"

namespace ovm::modules
{

/// Sleeps at once; the seeds change a line of it each.
class Good final : public processor::Halt
{
public:
    static constexpr std::array<object::Parameter, 1> parameters{{
        {"longest", object::Unit::nanoseconds, 1'000, 0, 50'000, "no longer than that"},
    }};
    static constexpr object::Policy_description description{"good", "sleeps at once", parameters};

    explicit Good(object::Values values) : longest_(values[0]) {}

    Result<Ticks> poll(processor::Vcpu_identity, processor::Halt_account&, Ticks now) override;
    Result<> woke(processor::Vcpu_identity, processor::Halt_account&, Ticks slept, bool) override;
    Result<> export_state(processor::Halt_state& state) override;
    Result<> import_state(processor::Halt_state& state) override;

private:
    Ticks longest_;
    std::array<Ticks, 4> last_{};
    std::size_t next_ = 0;
};

} // namespace ovm::modules
