#include "launcher/run.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "launcher/archive/boot_archive.hpp"
#include "launcher/description/console_script.hpp"
#include "launcher/description/machine.hpp"
#include "launcher/description/text.hpp"
#include "launcher/description/toml_file.hpp"
#include "launcher/image/grub_image.hpp"
#include "launcher/run_folder.hpp"
#include "launcher/session/session.hpp"
#include "launcher/session/terminal_mode.hpp"

namespace ovm::launcher
{

namespace
{

constexpr const char* qemu_manual = "apt install qemu-system-x86";
constexpr const char* bochs_manual = "apt install bochs bochs-term";
constexpr std::uint64_t bochs_most_memory = 2048 * mebibyte;

/// One run's decisions, on the way from options to an emulator.
struct Plan
{
    const Options& options;
    const Machine& machine;
    const Run_folder& folder;
    std::string ovm;
    std::string command_line;
    std::string archive; ///< its bytes
};

void note(const std::string& line)
{
    std::cerr << "ovm: " << line << '\n';
}

Checked<std::string> find_ovm(const Options& options)
{
    namespace fs = std::filesystem;
    std::error_code error;
    auto path = fs::path(options.ovm);
    if (options.ovm.empty())
        path = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path() / "hypervisor" / "ovm.elf";
    if (!fs::is_regular_file(path, error))
        return Failure{options.ovm.empty() ? "" : "--ovm", "there is no hypervisor image " + in_quotes(path.string()),
                       "build the target ovm, or name it by --ovm FILE"};
    return fs::absolute(path).lexically_normal().string();
}

Checked<Machine> describe_machine(const Options& options, const Host& host)
{
    Machine_request request;
    if (!options.description.empty())
        request = OVM_CHECKED(read_description(options.description));
    Defaults defaults;
    defaults.host = host;
    defaults.kernel = options.default_kernel;
    defaults.initrd = options.default_initrd;
    defaults.headless = options.headless;
    defaults.one_core = options.deterministic;
    return make_machine(overlay(std::move(request), options.machine), defaults);
}

Accelerator choose_accelerator(const Options& options, const Host& host)
{
    auto const obstacle = why_no_kvm(host);
    if (options.accelerator == Accelerator_wish::tcg || options.deterministic)
        return Accelerator::tcg;
    if (obstacle.empty())
        return Accelerator::kvm;
    if (options.accelerator == Accelerator_wish::kvm || options.verbose)
        note("no KVM, as " + obstacle + "; using TCG");
    return Accelerator::tcg;
}

Checked<std::optional<std::size_t>> raw_guest(const Options& options, const Machine& machine)
{
    if (!options.raw)
        return std::optional<std::size_t>();
    std::vector<std::string_view> names;
    for (auto const& guest : machine.guests)
    {
        if (guest.name == *options.raw)
            return std::optional(names.size());
        names.push_back(guest.name);
    }
    return Failure{"--raw", "there is no guest " + in_quotes(*options.raw), "guests are " + join_words(names)};
}

Checked<Command> plan_qemu(const Plan& plan, Accelerator accelerator, const std::string& console,
                           const std::string& records)
{
    Qemu_settings settings;
    if (!plan.options.emulator_program.empty())
        settings.program = plan.options.emulator_program;
    settings.ovm = plan.ovm;
    settings.archive = OVM_CHECKED(plan.folder.write("machine.cpio", plan.archive));
    settings.command_line = plan.command_line;
    settings.accelerator = accelerator;
    settings.processor = plan.options.processor;
    settings.deterministic = plan.options.deterministic;
    settings.wait_for_debugger = plan.options.wait_for_debugger;
    settings.console = console;
    settings.records = records;
    return qemu_command(plan.machine, settings);
}

Checked<Command> plan_bochs(const Plan& plan, const std::string& console, const std::string& records)
{
    if (plan.machine.memory > bochs_most_memory)
        return Failure{"--emulator",
                       "Bochs gives the computer at most 2G of memory, and it needs " + size_text(plan.machine.memory),
                       "use --emulator qemu, or give the guests less"};
    Bochs_settings settings;
    if (!plan.options.emulator_program.empty())
        settings.program = plan.options.emulator_program;
    settings.processor = plan.options.processor;
    settings.image = plan.folder.file("machine.iso");
    settings.log = plan.folder.file("bochs.log");
    settings.console = console;
    settings.records = records;
    OVM_CHECKED(write_grub_image(settings.image, {plan.ovm, plan.archive, plan.command_line, true, true}));
    settings.commands = OVM_CHECKED(plan.folder.write("commands", "c\n"));
    settings.configuration = OVM_CHECKED(plan.folder.write("bochsrc", bochs_configuration(plan.machine, settings)));
    return bochs_command(settings);
}

/// The computer as a command that works by itself: console on the terminal, records into a file.
Checked<int> print_command(const Plan& plan, Accelerator accelerator)
{
    auto const records = plan.folder.file("records");
    auto const command = plan.options.emulator == Emulator::bochs
                             ? OVM_CHECKED(plan_bochs(plan, plan.folder.file("console"), records))
                             : OVM_CHECKED(plan_qemu(plan, accelerator, "stdio,signal=off", "file,path=" + records));
    std::cout << shell_line(command) << std::endl;
    note("its files stay in " + plan.folder.file(""));
    return 0;
}

Checked<int> start(const Plan& plan, Accelerator accelerator)
{
    auto const& options = plan.options;
    bool const bochs = options.emulator == Emulator::bochs;
    std::vector<std::string> names;
    for (auto const& guest : plan.machine.guests)
        names.push_back(guest.name);
    auto const raw = OVM_CHECKED(raw_guest(options, plan.machine));
    auto channels = bochs ? OVM_CHECKED(Channels::pipes(plan.folder.file("com1"), plan.folder.file("com2")))
                          : OVM_CHECKED(Channels::sockets());
    auto const command = bochs
                             ? OVM_CHECKED(plan_bochs(plan, channels.console_name, channels.records_name))
                             : OVM_CHECKED(plan_qemu(plan, accelerator, channels.console_name, channels.records_name));
    if (options.verbose)
        note(shell_line(command));
    if (options.wait_for_debugger)
        note("waiting for a debugger; in the source folder: " + debugger_line(plan.ovm));

    auto control = options.control.empty() ? Control() : OVM_CHECKED(Control::listen(options.control));
    Signal_watch signals;
    std::vector<int> inherited;
    for (auto const& end : channels.far)
        inherited.push_back(end.get());
    auto emulator = OVM_CHECKED(Child_process::start(command, inherited, bochs ? bochs_manual : qemu_manual));

    Session_settings settings;
    settings.escape = plan.machine.escape;
    settings.resets_after_crash = resets_after_crash(plan.command_line);
    settings.wait_for_debugger = options.wait_for_debugger;
    settings.verbose = options.verbose;
    settings.talkative_emulator = bochs;
    if (options.timeout)
        settings.timeout =
            std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(*options.timeout));
    if (options.headless)
    {
        Headless_view view({names, raw, options.verbose});
        return Session(settings, view, signals, std::move(channels), std::move(emulator), std::move(control)).run();
    }
    std::cout << banner(names, plan.machine.escape) << std::flush;
    Terminal_view view;
    Terminal_mode terminal(STDIN_FILENO);
    settings.input = STDIN_FILENO;
    settings.raw_terminal = terminal.raw();
    int const status =
        Session(settings, view, signals, std::move(channels), std::move(emulator), std::move(control)).run();
    terminal.restore();
    return status;
}

} // namespace

Checked<int> run(const Options& options)
{
    std::string script;
    if (!options.console_script.empty())
        script = OVM_CHECKED(read_console_script(options.console_script));
    auto const host = Host::look();
    auto const machine = OVM_CHECKED(describe_machine(options, host));
    OVM_CHECKED(raw_guest(options, machine));
    auto const ovm = OVM_CHECKED(find_ovm(options));
    // An image for a real computer speaks to a person, unless it was asked to be read by a program.
    // A written image is for a computer with a person at its terminal.
    bool const starts = options.image.empty();
    Ovm_words const words{starts, starts && options.headless, options.append};
    auto archive = OVM_CHECKED(make_boot_archive(machine, script, {options.modules, options.keys}));
    if (!options.image.empty())
    {
        OVM_CHECKED(write_grub_image(options.image, {ovm, archive, ovm_command_line(words), false, false}));
        note("wrote " + options.image);
        return 0;
    }
    auto folder = OVM_CHECKED(Run_folder::create());
    if (options.dry_run)
        folder.keep();
    Plan const plan{options, machine, folder, ovm, ovm_command_line(words), std::move(archive)};
    auto const accelerator = choose_accelerator(options, host);
    return options.dry_run ? print_command(plan, accelerator) : start(plan, accelerator);
}

} // namespace ovm::launcher
