#include "launcher/description/text.hpp"
#include "launcher/emulator/command.hpp"

namespace ovm::launcher
{

namespace
{

/// EPYC without what TCG 7.2 lacks, so that it does not complain on every start.
constexpr const char* tcg_processor = "EPYC,rdseed=off,sha-ni=off,xsavec=off,3dnowprefetch=off,misalignsse=off,"
                                      "osvw=off,topoext=off,fxsr-opt=off,nrip-save=off";

void append(Command& command, std::initializer_list<std::string> words)
{
    command.insert(command.end(), words);
}

/// Whether the computer gets one core more, the first, which rests: of several cores in threads of their own that one
/// must run no guest. Any core's XRSTOR clears a flag of it without a lock, and may so take back what its VMRUN or
/// #VMEXIT did to the flags beside (docs/reference/hardware.md).
bool first_core_rests(const Machine& machine, const Qemu_settings& settings)
{
    return settings.accelerator == Accelerator::tcg && !settings.deterministic && machine.cores > 1;
}

void add_nodes(Command& command, const Machine& machine, unsigned resting)
{
    if (machine.nodes == 1)
        return;
    auto const size = machine.memory / machine.nodes / mebibyte;
    for (unsigned node = 0; node < machine.nodes; ++node)
    {
        auto const id = "node" + std::to_string(node);
        auto const first = node == 0 ? 0 : machine.cores * node / machine.nodes + resting;
        auto const last = machine.cores * (node + 1) / machine.nodes - 1 + resting;
        append(command, {"-object", "memory-backend-ram,id=" + id + ",size=" + std::to_string(size) + "M", "-numa",
                         "node,nodeid=" + std::to_string(node) + ",memdev=" + id + ",cpus=" + std::to_string(first) +
                             "-" + std::to_string(last)});
    }
}

} // namespace

Command qemu_command(const Machine& machine, const Qemu_settings& settings)
{
    bool const kvm = settings.accelerator == Accelerator::kvm;
    std::string processor = settings.processor;
    if (processor.empty())
        processor = kvm ? "host" : tcg_processor;

    unsigned const resting = first_core_rests(machine, settings) ? 1 : 0;

    Command command{settings.program,  "-name",       "OVM",      "-M",  "q35",
                    "-no-user-config", "-nodefaults", "-display", "none"};
    // Counting instructions needs all cores in one thread.
    append(command, {"-accel", kvm ? "kvm" : settings.deterministic ? "tcg,thread=single" : "tcg,thread=multi"});
    append(command, {"-cpu", processor, "-smp", std::to_string(machine.cores + resting), "-m",
                     std::to_string(machine.memory / mebibyte) + "M"});
    add_nodes(command, machine, resting);
    append(command, {"-kernel", settings.ovm, "-initrd", settings.archive, "-append",
                     settings.command_line + (resting != 0 ? " boot-core=idle" : "")});
    append(command, {"-chardev", settings.console + ",id=console", "-serial", "chardev:console"});
    append(command, {"-chardev", settings.records + ",id=records", "-serial", "chardev:records"});
    if (!resets_after_crash(settings.command_line))
        command.emplace_back("-no-reboot");
    if (settings.deterministic)
        append(command, {"-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm", "-seed", "1"});
    if (settings.wait_for_debugger)
        append(command, {"-s", "-S"});
    return command;
}

} // namespace ovm::launcher
