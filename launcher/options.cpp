#include "launcher/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "launcher/description/guest_option.hpp"
#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

/// What CLI11 fills before it is checked.
struct Texts
{
    std::vector<std::string> guests;
    std::string cores;
    std::string nodes;
    std::string memory;
    std::string on_reset;
    std::string escape;
    std::string timeout;
    std::string emulator = "qemu";
    std::string accelerator = "tcg";
    std::string raw;
};

void describe(CLI::App& app, Texts& texts, Options& options)
{
    app.add_option("--guest", texts.guests,
                   "A guest, repeatable: kernel=FILE[,initrd=FILE][,cmdline=TEXT][,vcpus=N][,memory=SIZE][,name=NAME]"
                   "[,boot=linux|pvh|multiboot][,module=FILE TEXT][,debug-exit=PORT][,population=eager|lazy]"
                   "[,weight=N][,budget=TIME,period=TIME][,latency=TIME]; "
                   "a comma inside a value is written twice")
        ->type_name("GUEST")
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--machine", options.description,
                   "Read the computer and its guests from a description; options here override it")
        ->type_name("FILE.toml");
    app.add_flag("--headless", options.headless,
                 "Print every guest's serial output, each line after its name, and end with the last guest");
    app.add_option("--raw", texts.raw, "Headless, with the serial bytes of this guest alone on the standard output")
        ->type_name("NAME");
    app.add_option("--on-reset", texts.on_reset,
                   "What a guest's reset does: end it (usual when headless) or restart it")
        ->type_name("end|restart");
    app.add_option("--timeout", texts.timeout, "End after so long, with exit status 124")->type_name("SECONDS");
    app.add_option("--cores", texts.cores, "Cores of the computer")->type_name("N");
    app.add_option("--nodes", texts.nodes, "NUMA nodes of the computer")->type_name("N");
    app.add_option("--memory", texts.memory, "Memory of the computer; usually what the guests need")->type_name("SIZE");
    app.add_flag("--deterministic", options.deterministic,
                 "Count instructions instead of time: every run is the same (one core, unless --cores is given)");
    app.add_option("--emulator", texts.emulator, "What emulates the computer; bochs only headless")
        ->type_name("qemu|bochs");
    app.add_option("--accelerator", texts.accelerator,
                   "tcg (usual), kvm, or auto: KVM only where nested SVM really works")
        ->type_name("tcg|kvm|auto");
    app.add_option("--cpu", options.processor, "The emulator's processor model")->type_name("MODEL");
    app.add_flag("--gdb", options.wait_for_debugger, "Wait for a debugger, and print the command that attaches it");
    app.add_flag("--dry-run", options.dry_run, "Print the emulator's command line instead of starting it");
    app.add_option("--iso", options.image, "Write a GRUB image (BIOS and UEFI) with OVM and its guests, and end")
        ->type_name("FILE");
    app.add_option("--escape", texts.escape, "The key that speaks to OVM on the terminal: b or ^B is Ctrl-B")
        ->type_name("KEY");
    app.add_option("--console-script", options.console_script,
                   "Play commands on OVM's own console, each line of the file TIME COMMAND: seconds since OVM came up "
                   "(2.5), or since the line before (+0.5)")
        ->type_name("FILE");
    app.add_option("--module", options.modules,
                   "A module that OVM can be told to load (`module load NAME.omod`), repeatable")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--key", options.keys, "A public key whose modules OVM loads, repeatable")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--control", options.control,
                   "A socket, made there, by which programs reach OVM while it runs (`ovmc load --machine SOCKET`)")
        ->type_name("SOCKET");
    app.add_option("--append", options.append, "More words on OVM's own command line")->type_name("TEXT");
    app.add_option("--ovm", options.ovm, "Another image of the hypervisor")->type_name("FILE");
    app.add_flag("--verbose", options.verbose, "Say more, on the standard error");
    app.add_option("--default-kernel", options.default_kernel)->group("");
    app.add_option("--default-initrd", options.default_initrd)->group("");
    app.add_option("--emulator-binary", options.emulator_program)->group("");
    for (auto* option : app.get_options())
    {
        if (option->get_expected_max() == 1 && option->get_items_expected_max() == 1 &&
            option->get_name() != "--guest" && option->get_name() != "--module" && option->get_name() != "--key")
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
}

template <typename T>
Checked<T> choose(const std::string& option, const std::string& text,
                  std::initializer_list<std::pair<std::string_view, T>> words)
{
    std::vector<std::string_view> names;
    for (auto const& [name, value] : words)
    {
        if (text == name)
            return value;
        names.push_back(name);
    }
    return Failure{option, in_quotes(text) + " is unknown", "give " + join_words(names, " or ")};
}

Checked<> take_machine(Machine_request& machine, const Texts& texts)
{
    std::initializer_list<std::pair<std::string_view, const std::string*>> const settings{{"cores", &texts.cores},
                                                                                          {"nodes", &texts.nodes},
                                                                                          {"memory", &texts.memory},
                                                                                          {"on-reset", &texts.on_reset},
                                                                                          {"escape", &texts.escape}};
    for (auto const& [key, text] : settings)
    {
        if (!text->empty())
            OVM_CHECKED(set_machine(machine, key, *text, "--" + std::string(key)));
    }
    for (std::size_t i = 0; i < texts.guests.size(); ++i)
    {
        auto const where =
            texts.guests.size() == 1 ? std::string("--guest") : "--guest number " + std::to_string(i + 1);
        machine.guests.push_back(OVM_CHECKED(parse_guest_option(texts.guests[i], where)));
    }
    return {};
}

Checked<> check_together(const Options& options)
{
    if (options.emulator == Emulator::bochs && options.image.empty())
    {
        if (!options.headless)
            return Failure{"--emulator", "Bochs runs headless only", "add --headless or --raw NAME"};
        if (options.deterministic)
            return Failure{"--deterministic", "this is for QEMU; Bochs is deterministic by itself", "leave it out"};
        if (!options.control.empty())
            return Failure{"--control", "Bochs' serial lines go one way here", "use --emulator qemu"};
        if (options.wait_for_debugger)
            return Failure{"--gdb", "Bochs waits for no debugger here", "use --emulator qemu"};
        if (options.accelerator == Accelerator_wish::kvm)
            return Failure{"--accelerator", "Bochs has no accelerator", "use --emulator qemu"};
        if (options.machine.nodes && options.machine.nodes->value != 1)
            return Failure{"--nodes", "Bochs emulates one node", "use --emulator qemu"};
    }
    if (options.deterministic && options.accelerator == Accelerator_wish::kvm)
        return Failure{"--deterministic", "KVM cannot count instructions", "leave --accelerator kvm out"};
    if (!fits_one_line(options.append))
        return Failure{"--append", "holds a control character", "write it as one line"};
    return {};
}

Failure unknown_option(const std::string& word, const CLI::App& app)
{
    std::vector<std::string> names;
    for (auto const* option : app.get_options())
    {
        if (!option->get_group().empty())
            names.push_back(option->get_name());
    }
    std::vector<std::string_view> const views(names.begin(), names.end());
    auto const near = nearest(word.substr(0, word.find('=')), views);
    if (!word.starts_with('-'))
        return {"", "unknown word " + in_quotes(word), "guests are given by --guest kernel=FILE; see --help"};
    return {"", "unknown option " + in_quotes(word), near ? "did you mean " + std::string(*near) + "?" : "see --help"};
}

} // namespace

Checked<std::variant<Options, Help>> parse_options(int count, const char* const* words)
{
    Options options;
    Texts texts;
    CLI::App app("Boots OVM and its guests in an emulated computer.", "ovm-launch");
    app.allow_extras();
    describe(app, texts, options);
    try
    {
        app.parse(count, words);
    }
    catch (const CLI::CallForHelp&)
    {
        auto text = app.help();
        text.erase(text.find_last_not_of('\n') + 1);
        return std::variant<Options, Help>(Help{text + "\n"});
    }
    catch (const CLI::ArgumentMismatch& error)
    {
        std::string const text = error.what();
        return Failure{text.substr(0, text.find(':')), "its value is missing", "see --help"};
    }
    catch (const CLI::Error& error)
    {
        return Failure{"", error.what(), "see --help"};
    }
    if (auto const rest = app.remaining(); !rest.empty())
        return unknown_option(rest.front(), app);

    OVM_CHECKED(take_machine(options.machine, texts));
    if (!texts.raw.empty())
    {
        options.raw = texts.raw;
        options.headless = true;
    }
    options.emulator = OVM_CHECKED(
        choose<Emulator>("--emulator", texts.emulator, {{"qemu", Emulator::qemu}, {"bochs", Emulator::bochs}}));
    options.accelerator = OVM_CHECKED(choose<Accelerator_wish>(
        "--accelerator", texts.accelerator,
        {{"tcg", Accelerator_wish::tcg}, {"kvm", Accelerator_wish::kvm}, {"auto", Accelerator_wish::automatic}}));
    if (!texts.timeout.empty())
    {
        char* end = nullptr;
        double const seconds = std::strtod(texts.timeout.c_str(), &end);
        if (*end != '\0' || !(seconds > 0) || seconds > 1e9)
            return Failure{"--timeout", in_quotes(texts.timeout) + " is no time", "give seconds, as 60 or 0.5"};
        options.timeout = seconds;
    }
    OVM_CHECKED(check_together(options));
    return std::variant<Options, Help>(std::move(options));
}

} // namespace ovm::launcher
