#include "boot/commands/script.hpp"

#include "arch/processor.hpp"
#include "interface/console/log.hpp"
#include "object/adaptor/parameters.hpp"

namespace ovm::boot
{

namespace
{
constexpr Nanoseconds retry{1'000'000};
}

void Script::play(std::string_view text)
{
    rest_ = text;
    begun_ = timers_.now();
    arm_next();
}

void Script::arm_next()
{
    if (rest_.empty())
        return;
    auto const time = object::parse_value(rest_.substr(0, rest_.find(' ')), object::Unit::number);
    if (!time)
        return interface::log("console.script: a line does not begin with its time: ",
                              rest_.substr(0, rest_.find('\n')));
    timers_.arm(*this, begun_ + arch::to_ticks(Nanoseconds(*time)));
}

void Script::fired(Ticks now)
{
    if (commands_.full())
        return timers_.arm(*this, now + arch::to_ticks(retry));
    auto const line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(line.size() < rest_.size() ? line.size() + 1 : line.size());
    auto const blank = line.find(' ');
    if (blank != std::string_view::npos)
    {
        interface::log("> ", line.substr(blank + 1));
        commands_.enter(line.substr(blank + 1), "script");
    }
    arm_next();
}

} // namespace ovm::boot
