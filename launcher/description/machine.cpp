#include "launcher/description/machine.hpp"

#include <algorithm>
#include <map>

#include "launcher/description/kernel_file.hpp"
#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

constexpr std::size_t most_guests = 255; // a record names its VM by one byte
constexpr std::size_t most_modules = 4;
constexpr std::uint64_t default_guest_memory = 256 * mebibyte;
constexpr std::uint64_t low_memory_end = 3 * gibibyte; // RAM below the hole of the guest's address space
constexpr const char* linux_command_line = "console=ttyS0 panic=-1";

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

template <typename T>
T value_or(const Optional_setting<T>& setting, T otherwise)
{
    return setting ? setting->value : otherwise;
}

template <typename T>
const std::string& place_of(const Optional_setting<T>& setting, const std::string& otherwise)
{
    return setting ? setting->where : otherwise;
}

void add_debian_guests(Machine_request& request)
{
    for (auto const* name : {"debian1", "debian2"})
    {
        Guest_request guest;
        guest.where = name;
        guest.name = Setting<std::string>{name, name};
        guest.vcpus = Setting<unsigned>{2, name};
        request.guests.push_back(std::move(guest));
    }
}

/// Gives every guest a name, and sees that no two have the same.
Checked<> name_guests(std::vector<Guest_request>& guests)
{
    std::map<std::string, std::string> taken;
    for (auto const& guest : guests)
    {
        if (!guest.name)
            continue;
        auto const [first, added] = taken.emplace(guest.name->value, guest.name->where);
        if (!added)
            return Failure{guest.name->where,
                           "two guests have the name " + in_quotes(guest.name->value) + ", the other in " +
                               first->second,
                           "give each its own name"};
    }
    for (std::size_t i = 0; i < guests.size(); ++i)
    {
        if (guests[i].name)
            continue;
        auto number = i + 1;
        while (!taken.emplace("guest" + std::to_string(number), guests[i].where).second)
            ++number;
        guests[i].name = Setting<std::string>{"guest" + std::to_string(number), guests[i].where};
    }
    return {};
}

Checked<> check_modules(const Guest_request& request, const Guest& guest)
{
    bool const multiboot = guest.boot == Boot_protocol::multiboot;
    if (multiboot && guest.initrd)
        return Failure{place_of(request.initrd, request.where), "a multiboot kernel takes no initrd",
                       "give it as module="};
    if (!multiboot && !guest.modules.empty())
        return Failure{request.modules.front().where,
                       "modules are for multiboot kernels, and this one boots by " + std::string(to_text(guest.boot)),
                       "give one file as initrd="};
    if (guest.modules.size() > most_modules)
        return Failure{request.modules[most_modules].where, "a guest has more than 4 modules", "give at most 4"};
    return {};
}

/// Takes what the guest's scheduler is told.
Checked<> schedule_guest(const Guest_request& request, Guest& guest)
{
    guest.weight = value_or(request.weight, usual_weight);
    guest.latency = value_or(request.latency, std::uint64_t{0});
    if (request.budget.has_value() != request.period.has_value())
    {
        std::string const given = request.budget ? "budget" : "period";
        std::string const missing = request.budget ? "period" : "budget";
        return Failure{place_of(request.budget, place_of(request.period, request.where)),
                       in_quotes(guest.name) + " has a " + given + " and no " + missing,
                       "give both, as budget=5ms and period=20ms, or neither"};
    }
    if (!request.budget)
        return {};
    guest.budget = request.budget->value;
    guest.period = request.period->value;
    if (guest.budget > guest.period)
        return Failure{request.budget->where,
                       "budget is " + duration_text(guest.budget) + ", longer than its period of " +
                           duration_text(guest.period),
                       "give a budget of at most the period"};
    return {};
}

/// The kernel, and what comes with it, must fit below the guest's hole with the kernel in its place.
Checked<> check_memory(const Guest_request& request, const Guest& guest, const Kernel_facts& facts)
{
    auto const& where = place_of(request.memory, request.where);
    auto const room = std::min(guest.memory, low_memory_end);
    auto const mend = [](std::uint64_t needed)
    {
        auto const size = round_up(needed, 16 * mebibyte);
        return size > low_memory_end ? std::string("give smaller files: only memory below 3G can hold them")
                                     : "give it at least memory=" + size_text(size);
    };
    if (facts.memory_end > room)
        return Failure{where,
                       in_quotes(guest.name) + " has " + size_text(guest.memory) +
                           " of memory, too little for its kernel " + in_quotes(guest.kernel.name),
                       mend(facts.memory_end)};
    auto needed = facts.memory_end;
    if (guest.initrd)
        needed += round_up(guest.initrd->bytes->size(), 4 * kibibyte) + 4 * kibibyte;
    for (auto const& module : guest.modules)
        needed += round_up(module.file.bytes->size(), 4 * kibibyte) + 4 * kibibyte;
    if (needed > room)
        return Failure{where,
                       (guest.initrd ? "initrd " + in_quotes(guest.initrd->name) : std::string("the modules")) +
                           " and the kernel are too big for the " + size_text(guest.memory) + " of memory of " +
                           in_quotes(guest.name),
                       mend(needed)};
    return {};
}

Checked<Guest> make_guest(const Guest_request& request, const Defaults& defaults, File_loader& files)
{
    Guest guest;
    guest.name = request.name->value;
    guest.vcpus = value_or(request.vcpus, 1u);
    guest.memory = value_or(request.memory, default_guest_memory);
    guest.population = value_or(request.population, Population::eager);
    if (request.debug_exit)
        guest.debug_exit = request.debug_exit->value;
    OVM_CHECKED(schedule_guest(request, guest));

    if (!request.kernel && defaults.kernel.empty())
        return Failure{request.where, in_quotes(guest.name) + " has no kernel", "give it kernel=FILE"};
    auto const& kernel_place = place_of(request.kernel, request.where);
    guest.kernel =
        OVM_CHECKED(files.load(request.kernel ? request.kernel->value : defaults.kernel, "kernel", kernel_place));
    auto facts = inspect_kernel(*guest.kernel.bytes, request.boot ? std::optional(request.boot->value) : std::nullopt);
    if (!facts)
        return Failure{kernel_place, "kernel " + in_quotes(guest.kernel.name) + " " + facts.error().what,
                       facts.error().mend};
    guest.boot = facts->boot;

    if (request.initrd)
        guest.initrd = OVM_CHECKED(files.load(request.initrd->value, "initrd", request.initrd->where));
    else if (!request.kernel && !defaults.initrd.empty())
        guest.initrd = OVM_CHECKED(files.load(defaults.initrd, "initrd", request.where));
    for (auto const& module : request.modules)
        guest.modules.push_back(
            {OVM_CHECKED(files.load(module.value.file, "module", module.where)), module.value.text});
    OVM_CHECKED(check_modules(request, guest));

    guest.command_line =
        value_or(request.command_line, std::string(guest.boot == Boot_protocol::linux_64 ? linux_command_line : ""));
    if (guest.command_line.size() > facts->longest_command_line)
        return Failure{place_of(request.command_line, request.where),
                       "the command line of " + in_quotes(guest.name) + " is longer than its kernel takes",
                       "shorten it to " + std::to_string(facts->longest_command_line) + " bytes"};
    OVM_CHECKED(check_memory(request, guest, *facts));
    return guest;
}

std::uint64_t archive_size(const std::vector<Guest>& guests)
{
    std::map<const std::string*, std::uint64_t> sizes;
    auto const add = [&](const Loaded_file& file) { sizes[file.bytes.get()] = file.bytes->size(); };
    for (auto const& guest : guests)
    {
        add(guest.kernel);
        if (guest.initrd)
            add(*guest.initrd);
        for (auto const& module : guest.modules)
            add(module.file);
    }
    std::uint64_t total = 0;
    for (auto const& [bytes, size] : sizes)
        total += size;
    return total;
}

Checked<std::uint64_t> computer_memory(const Machine_request& request, const Machine& machine, const Host& host)
{
    std::uint64_t guests = 0;
    for (auto const& guest : machine.guests)
        guests += guest.memory;
    // OVM's own image and heap, its tables for each gigabyte, and the archive, which lies in memory while guests load.
    auto const least = guests + archive_size(machine.guests) + 24 * mebibyte + guests / 128;
    auto const usual = std::max(round_up(least + 64 * mebibyte, 64 * mebibyte), 256 * mebibyte);
    auto const memory = value_or(request.memory, usual);
    if (memory < least)
        return Failure{request.memory->where,
                       "the guests have " + size_text(guests) +
                           " of memory, and with OVM and their files that is more than the computer's " +
                           size_text(memory),
                       "give the computer at least " + size_text(round_up(least, mebibyte)) + ", or the guests less"};
    if (host.memory != 0 && memory > host.memory)
        return Failure{place_of(request.memory, "memory"),
                       "the computer would need " + size_text(memory) + ", and this host has " +
                           size_text(host.memory / mebibyte * mebibyte),
                       "give the guests less memory"};
    if (memory % (machine.nodes * mebibyte) != 0)
    {
        if (!request.memory)
            return round_up(memory, machine.nodes * mebibyte);
        return Failure{request.memory->where,
                       size_text(memory) + " cannot be shared evenly by " + std::to_string(machine.nodes) + " nodes",
                       "give " + size_text(round_up(memory, machine.nodes * mebibyte))};
    }
    return memory;
}

Checked<> shape_computer(const Machine_request& request, const Defaults& defaults, Machine& machine)
{
    unsigned vcpus = 0;
    for (auto const& guest : machine.guests)
        vcpus += guest.vcpus;
    auto const nodes = value_or(request.nodes, 1u);
    auto const usual = defaults.one_core ? 1u : std::clamp(std::min(vcpus, defaults.host.cores), 1u, 8u);
    auto const cores = value_or(request.cores, std::max(usual, nodes));
    if (nodes > cores)
        return Failure{request.nodes->where,
                       std::to_string(nodes) + " nodes for " + std::to_string(cores) +
                           (cores == 1 ? " core" : " cores"),
                       "give at least one core to each node"};
    // Beyond this an emulated computer only spins: each of its cores is a thread.
    auto const most = std::max(8u, 4 * defaults.host.cores);
    if (cores > most)
        return Failure{place_of(request.cores, "cores"),
                       std::to_string(cores) + " cores are too many for a host with " +
                           std::to_string(defaults.host.cores),
                       "give at most " + std::to_string(most)};
    machine.cores = cores;
    machine.nodes = nodes;
    machine.memory = OVM_CHECKED(computer_memory(request, machine, defaults.host));
    return {};
}

} // namespace

Checked<Machine> make_machine(Machine_request request, const Defaults& defaults)
{
    if (request.guests.empty())
    {
        if (defaults.kernel.empty())
            return Failure{"", "there is no guest", "give --guest kernel=FILE or --machine FILE.toml"};
        add_debian_guests(request);
    }
    if (request.guests.size() > most_guests)
        return Failure{request.guests[most_guests].where,
                       std::to_string(request.guests.size()) + " guests are too many", "give at most 255"};
    OVM_CHECKED(name_guests(request.guests));
    Machine machine;
    machine.on_reset = value_or(request.on_reset, defaults.headless ? On_reset::end : On_reset::restart);
    machine.escape = value_or(request.escape, 1u);
    File_loader files;
    for (auto const& guest : request.guests)
        machine.guests.push_back(OVM_CHECKED(make_guest(guest, defaults, files)));
    OVM_CHECKED(shape_computer(request, defaults, machine));
    return machine;
}

} // namespace ovm::launcher
