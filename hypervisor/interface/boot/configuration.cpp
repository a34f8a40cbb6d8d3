#include "interface/boot/configuration.hpp"

namespace ovm::interface
{

std::optional<Configuration_reader::Line> Configuration_reader::next_line()
{
    while (!text_.empty())
    {
        ++line_;
        auto const end = text_.find('\n');
        auto const line = text_.substr(0, end);
        text_ = end == std::string_view::npos ? std::string_view{} : text_.substr(end + 1);
        if (line.empty())
            continue;
        auto const space = line.find(' ');
        if (space == std::string_view::npos)
            return Line{line, {}};
        return Line{line.substr(0, space), line.substr(space + 1)};
    }
    return std::nullopt;
}

bool Configuration_reader::fail(std::string_view what, std::string_view word)
{
    error_ = Configuration_error{line_, what, word};
    return false;
}

std::optional<std::uint64_t> Configuration_reader::number(const Line& line, std::uint64_t least, std::uint64_t most)
{
    std::uint64_t value = 0;
    bool good = !line.value.empty() && line.value.size() <= 18;
    for (char const digit : line.value)
    {
        good = good && digit >= '0' && digit <= '9';
        if (!good)
            break;
        value = value * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    if (!good || value < least || value > most)
    {
        fail("a number that is missing, malformed or out of range", line.key);
        return std::nullopt;
    }
    return value;
}

bool Configuration_reader::read_machine(Machine_configuration& machine)
{
    auto const first = next_line();
    if (!first || first->key != "ovm-machine" || first->value != "1")
        return fail("the first line must be `ovm-machine 1`", first ? first->key : std::string_view("(empty)"));
    while (auto const line = next_line())
    {
        if (line->key == "vm")
        {
            in_vm_ = true;
            return true;
        }
        if (line->key == "on-reset" && (line->value == "restart" || line->value == "end"))
            machine.restart_on_reset = line->value == "restart";
        else if (line->key == "escape")
        {
            auto const value = number(*line, 1, 31);
            if (!value)
                return false;
            machine.escape = static_cast<std::uint8_t>(*value);
        }
        else
            return fail("an unknown key or value", line->key);
    }
    return fail("no VM is described", "vm");
}

bool Configuration_reader::set_duration(Nanoseconds& duration, const Line& line, Nanoseconds least, Nanoseconds most)
{
    auto const value = number(line, least.value(), most.value());
    if (!value)
        return false;
    duration = Nanoseconds(*value);
    return true;
}

bool Configuration_reader::set(Vm_configuration& vm, const Line& line)
{
    auto const value = line.value;
    if (line.key == "name")
        vm.name = value;
    else if (line.key == "kernel")
        vm.kernel = value;
    else if (line.key == "initrd")
        vm.initrd = value;
    else if (line.key == "cmdline")
        vm.command_line = value;
    else if (line.key == "vcpus")
    {
        auto const count = number(line, 1, max_vcpus);
        if (!count)
            return false;
        vm.vcpus = static_cast<std::uint32_t>(*count);
    }
    else if (line.key == "memory")
    {
        auto const size = number(line, 1 << 20, std::uint64_t{500} << 30);
        if (!size)
            return false;
        if (*size % (1 << 20) != 0)
            return fail("memory is not a multiple of 1 MiB", value);
        vm.memory = Bytes(*size);
    }
    else if (line.key == "boot")
    {
        if (value == "linux")
            vm.boot = Boot_kind::linux;
        else if (value == "pvh")
            vm.boot = Boot_kind::pvh;
        else if (value == "multiboot")
            vm.boot = Boot_kind::multiboot;
        else
            return fail("boot is linux, pvh or multiboot, not", value);
    }
    else if (line.key == "debug-exit")
    {
        auto const port = number(line, 0, 0xffff);
        if (!port)
            return false;
        vm.debug_exit = static_cast<std::uint16_t>(*port);
    }
    else if (line.key == "population")
    {
        if (value != "eager" && value != "lazy")
            return fail("population is eager or lazy, not", value);
        vm.lazy = value == "lazy";
    }
    else if (line.key == "weight")
    {
        auto const weight = number(line, 1, max_weight);
        if (!weight)
            return false;
        vm.weight = static_cast<std::uint32_t>(*weight);
    }
    else if (line.key == "budget")
        return set_duration(vm.budget, line, min_budget, max_period);
    else if (line.key == "period")
        return set_duration(vm.period, line, min_period, max_period);
    else if (line.key == "latency")
        return set_duration(vm.latency, line, min_latency, max_latency);
    else if (line.key == "module")
    {
        auto const space = value.find(' ');
        auto const rest = space == std::string_view::npos ? std::string_view{} : value.substr(space + 1);
        if (!vm.modules.push_back({value.substr(0, space), rest}))
            return fail("a VM has at most 4 modules", value);
    }
    else
        return fail("an unknown key", line.key);
    return true;
}

bool Configuration_reader::check(const Vm_configuration& vm)
{
    if (vm.name.empty() || vm.kernel.empty() || vm.memory == Bytes{0})
        return fail("a VM needs name, kernel and memory", vm.name);
    if ((vm.budget == Nanoseconds{}) != (vm.period == Nanoseconds{}))
        return fail("budget and period go together, and one is missing", vm.name);
    if (vm.budget > vm.period)
        return fail("the budget is longer than its period", vm.name);
    return true;
}

std::optional<Vm_configuration> Configuration_reader::next_vm()
{
    if (error_)
        return std::nullopt;
    if (!in_vm_)
    {
        auto const line = next_line();
        if (!line)
            return std::nullopt;
        if (line->key != "vm")
        {
            fail("expected `vm`", line->key);
            return std::nullopt;
        }
    }
    in_vm_ = false;
    Vm_configuration vm{};
    while (auto const line = next_line())
    {
        if (line->key != "end")
        {
            if (!set(vm, *line))
                return std::nullopt;
            continue;
        }
        if (!check(vm))
            return std::nullopt;
        return vm;
    }
    fail("a VM without `end`", vm.name);
    return std::nullopt;
}

} // namespace ovm::interface
