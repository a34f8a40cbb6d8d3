#include "launcher/session/verdict.hpp"

namespace ovm::launcher
{

using interface::Finish_status;

void Verdict::note(const Record& record)
{
    up_ = true;
    switch (record.type)
    {
    case Record_type::crash:
        hypervisor_crashed_ = true;
        break;
    case Record_type::ended:
    {
        auto const end = read_end(record.payload);
        if (end.reason == End_reason::crashed || end.reason == End_reason::could_not_start)
            guest_crashed_ = true;
        if (end.reason == End_reason::debug_exit && end.value != 0)
            debug_exit_not_zero_ = true;
        break;
    }
    case Record_type::finished:
    {
        finished_ = true;
        auto const status =
            record.payload.empty() ? Finish_status::hypervisor_crashed : static_cast<Finish_status>(record.payload[0]);
        switch (status)
        {
        case Finish_status::good:
            break;
        case Finish_status::debug_exit_not_zero:
            debug_exit_not_zero_ = true;
            break;
        case Finish_status::bad_configuration:
            bad_configuration_ = true;
            break;
        case Finish_status::guest_crashed:
            guest_crashed_ = true;
            break;
        default:
            hypervisor_crashed_ = true;
            break;
        }
        break;
    }
    default:
        break;
    }
}

int Verdict::status() const
{
    if (hypervisor_crashed_)
        return status_hypervisor_crashed;
    if (bad_configuration_)
        return status_bad_input;
    if (guest_crashed_)
        return static_cast<int>(Finish_status::guest_crashed);
    return debug_exit_not_zero_ ? static_cast<int>(Finish_status::debug_exit_not_zero) : 0;
}

} // namespace ovm::launcher
