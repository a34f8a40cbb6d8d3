#include "boot/hypervisor.hpp"

#include <algorithm>

#include "arch/at_hand.hpp"
#include "arch/crash.hpp"
#include "arch/hang.hpp"
#include "arch/power.hpp"
#include "base/bytes.hpp"
#include "interface/console/log.hpp"

namespace ovm::boot
{

using interface::log;

namespace
{

constexpr Nanoseconds last_bytes_time{5'000'000};
constexpr Nanoseconds longest_drain{10'000'000'000}; ///< of full lines at 115200 baud, and some more
interface::Console_options console_options(const arch::Boot_information& information, std::uint8_t escape)
{
    interface::Console_options options{};
    options.terminal = arch::option(information, "console") != "records";
    options.records = arch::option(information, "records") == "com2";
    options.escape = escape;
    return options;
}

} // namespace

Hypervisor::Hypervisor(const arch::Boot_information& information, memory::Frame_pool& pool, memory::Heap& heap)
    : information_(information), pool_(pool), heap_(heap), own_frames_(pool), policies_(pool, *this),
      archive_(information.archive.size == Bytes{0}
                   ? std::span<const std::uint8_t>{}
                   : arch::physical_bytes(information.archive.begin, information.archive.size))
{
}

Result<> Hypervisor::open()
{
    OVM_TRY(make_collected_heap(Core_id{0}));
    OVM_TRY(policies_.open());
    collected_heaps_[0]->heap.use(policies_.collection());
    collected_heaps_[0]->heap.add(policies_.roots());
    OVM_TRY(pool_.open_stocks(policies_.table()));
    OVM_TRY(clustered_.add("frame-stocks", pool_.stocks().root()));
    OVM_TRY(registry_.open(policies_.table()));
    OVM_TRY(clustered_.add("vm-registry", registry_.root()));
    if (arch::option(information_, "provoke") == Provoked_fault::policies)
        return policies_.add_provoked();
    return {};
}

/// On that core.
Result<> Hypervisor::make_collected_heap(Core_id core)
{
    auto& made = collected_heaps_[core.value()];
    made = OVM_TRY(object::make<Collected_heap>(heap_, collector_, core, own_frames_, policies_.collection()));
    made->heap.attach();
    return {};
}

Result<processor::Core*> Hypervisor::start_core(Core_id id)
{
    if (id != Core_id{0})
        OVM_TRY(make_collected_heap(id));
    constexpr auto size = arch::Virtual_core::memory_needed;
    memory::Page_order const order(static_cast<std::uint8_t>(std::bit_width(size.value() / page_size.value() - 1)));
    auto const frame = OVM_TRY(policies_.frames().allocate(order, arch::node_of(id)));
    arch::fill(arch::physical_bytes(frame, size), 0);
    auto const virtual_core = OVM_TRY(arch::Virtual_core::create(id, frame));
    auto const policies = OVM_TRY(policies_.start_core(id));
    auto& core = owned_cores_[id.value()];
    core = OVM_TRY(
        object::make<processor::Core>(heap_, id, policies, static_cast<processor::Core_events&>(*this), virtual_core));
    policies_.started(*core);
    cores_[id.value()] = core.get();
    cores_ready_.fetch_add(1, std::memory_order_release);
    return core.get();
}

void Hypervisor::start()
{
    bool const readable = read_configuration();
    if (!console_)
        start_console();
    console_->record(interface::Record_type::up, Vm_id{0}, "OVM 0.1");
    if (!readable)
        finish(interface::Finish_status::bad_configuration);
    auto modules = object::make<Modules>(heap_, policies_, archive_, heap_);
    OVM_ASSERT(modules.has_value()); // memory lasted for the console, which takes more
    modules_ = std::move(*modules);
    if (arch::option(information_, "records") == "com2")
    {
        delivery_line_.emplace(*console_, modules_->loader(), policies_.frames(), cores_[0]->timers());
        arch::listen_serial(arch::Serial::records, *this);
    }

    auto const cores = arch::start_cores();
    while (cores_ready_.load(std::memory_order_acquire) < cores)
        arch::pause();
    collector_.open();
    auto const nodes = arch::node_of(Core_id(cores - 1)).value() + 1;
    log("OVM runs on ", cores, cores == 1 ? " core" : " cores", " of ", nodes, nodes == 1 ? " node, " : " nodes, ",
        Bytes(to_bytes(pool_.free())), " free");
    if (!arch::renew_last_watch())
        log("this computer has no HPET that OVM can use: nothing ends a hang of all cores at once");
    balancer_.begin();
    provoked_fault_.begin(arch::option(information_, "provoke"), cores_[0]->timers());
    for (std::uint32_t i = 0; i < alive_; ++i)
        slots_[i]->go_on();
    if (auto const script = archive_.find("console.script"))
    {
        script_.emplace(commands_, cores_[0]->timers());
        script_->play(text_of(script->content));
    }
}

void Hypervisor::start_console()
{
    auto const options = console_options(information_, configuration_.escape);
    auto made = object::make<interface::Console>(heap_, person_, program_,
                                                 static_cast<processor::Timer_service&>(cores_[0]->timers()),
                                                 static_cast<interface::Console_owner&>(*this), options);
    if (!made)
    {
        arch::write_serial("ovm: no memory for the console\r\n");
        arch::stop_machine();
    }
    console_ = std::move(*made);
    interface::set_log_sink(*console_);
    if (options.records)
        arch::set_crash_sink(crash_report_);
    repeat_previous_crash();
    arch::listen_serial(arch::Serial::terminal, *this);
}

/// Boot printed it on the first serial line, where a program behind the second does not look.
void Hypervisor::repeat_previous_crash()
{
    auto text = arch::previous_crash();
    while (!text.empty())
    {
        auto const line = text.substr(0, text.find('\n'));
        log("previous run: ", line);
        text = text.substr(std::min(line.size() + 1, text.size()));
    }
}

void Hypervisor::refuse(std::string_view what, std::string_view word, unsigned line)
{
    if (!console_)
        start_console();
    if (line != 0)
        log("machine.conf, line ", line, ": ", what, ": ", word);
    else
        log("boot archive: ", what, "; ", word);
}

bool Hypervisor::read_configuration()
{
    if (information_.archive.size == Bytes{0})
    {
        refuse("none was given", "start OVM with ./run, or name the archive as its first module", 0);
        return false;
    }
    auto const file = archive_.find("machine.conf");
    if (!file)
    {
        refuse(to_text(file.error()), "machine.conf cannot be read: make the archive again", 0);
        return false;
    }
    interface::Configuration_reader reader{text_of(file->content)};
    if (!reader.read_machine(configuration_))
    {
        refuse(reader.error()->what, reader.error()->word, reader.error()->line);
        return false;
    }
    start_console();
    while (auto const vm = reader.next_vm())
    {
        if (alive_ == slots_.size())
        {
            refuse("more VMs than OVM runs", vm->name, 0);
            return false;
        }
        auto slot = object::make<Slot>(heap_, *this, Vm_id(alive_ + 1), *vm);
        if (!slot || !console_->attach((*slot)->terminal()))
        {
            refuse("no memory for another VM", vm->name, 0);
            return false;
        }
        slots_[made_++] = std::move(*slot);
        ++alive_;
    }
    if (!reader.error())
        return true;
    refuse(reader.error()->what, reader.error()->word, reader.error()->line);
    return false;
}

void Hypervisor::ended(interface::Virtual_machine& vm)
{
    slots_[vm.id().value() - 1]->go_on();
}

void Hypervisor::report(Vm_id id, std::string_view name, const interface::Vm_end& end)
{
    using enum interface::End_reason;
    std::array<char, 200> storage{};
    Text_writer text(storage);
    text << name << ": ";
    auto status = interface::Finish_status::good;
    switch (end.reason)
    {
    case powered_off:
        text << "powered off";
        break;
    case reset:
        text << "reset";
        break;
    case halted:
        text << "halted for good, interrupts off on every vcpu";
        break;
    case debug_exit:
        text << "wrote " << end.value << " to its debug-exit port";
        if (end.value != 0)
            status = interface::Finish_status::debug_exit_not_zero;
        break;
    case crashed:
        text << "crashed: " << end.detail;
        status = interface::Finish_status::guest_crashed;
        break;
    case could_not_start:
        text << "could not start: " << end.detail;
        status = interface::Finish_status::guest_crashed;
        break;
    }
    worst_ = std::max(worst_, status);
    console_->announce(text.view());

    std::array<std::uint8_t, interface::record_payload_max> payload{};
    payload[0] = static_cast<std::uint8_t>(end.reason);
    for (unsigned i = 0; i < 4; ++i)
        payload[1 + i] = static_cast<std::uint8_t>(end.value >> (8 * i));
    std::size_t size = interface::record_ended_size;
    for (char const character : end.detail)
    {
        if (size == payload.size())
            break;
        payload[size++] = static_cast<std::uint8_t>(character);
    }
    console_->flush(id);
    console_->record(interface::Record_type::ended, id, std::span<const std::uint8_t>(payload).first(size));
}

processor::Core* Hypervisor::core(Core_id id)
{
    return id.value() < cores_ready_.load(std::memory_order_acquire) ? cores_[id.value()] : nullptr;
}

void Hypervisor::restarted(Vm_id id)
{
    console_->record(interface::Record_type::restarted, id, std::string_view{});
    console_->announce("a VM restarts");
}

void Hypervisor::scheduler_failed(processor::Core& core, const arch::Fault& fault)
{
    policy_failed(core, policies_.scheduler(), fault);
}

void Hypervisor::policy_failed(processor::Core& core, object::Adaptor& resource, const arch::Fault& fault)
{
    faults_.add({.when = arch::time_stamp(),
                 .core = core.id(),
                 .fault = fault,
                 .domain = arch::Fault_domain::policy,
                 .resource = Text<40>(resource.resource())});
    log("core ", core.id().value(), ": a policy of ", resource.resource(), " failed: ", fault.what);
    if (auto const module = policies_.failed(resource, core.id(), fault); !module.empty())
        log("module ", module, ": in quarantine, as its policy failed");
}

void Hypervisor::job_failed(processor::Core& core, const arch::Fault& fault)
{
    faults_.add({.when = arch::time_stamp(), .core = core.id(), .fault = fault, .domain = arch::Fault_domain::job});
    log("core ", core.id().value(), ": a job failed: ", fault.what);
}

void Hypervisor::rebuild(processor::Placement_state& state)
{
    for (auto const& slot : slots())
        slot->write_homes(state);
}

void Hypervisor::vcpu_failed(processor::Core& core, processor::Vcpu& vcpu, const arch::Fault& fault)
{
    faults_.add({.when = arch::time_stamp(),
                 .core = core.id(),
                 .fault = fault,
                 .domain = arch::Fault_domain::guest,
                 .vm = vcpu.vm()});
    if (auto* const vm = registry_.find(vcpu.vm()))
        vm->fail(vcpu, fault.what);
}

void Hypervisor::command_entered(std::string_view line)
{
    commands_.enter(line, "console");
}

void Hypervisor::one_done()
{
    if (--alive_ == 0)
        finish(worst_);
}

void Hypervisor::finish(interface::Finish_status status)
{
    // The end takes as long as the wire needs, and is nobody's crossing to discard.
    arch::At_hand const nobody(arch::core_window(), arch::Fault_domain::none);
    if (status != interface::Finish_status::bad_configuration) // which was said
        log(alive_ == 0 ? std::string_view("nothing is left to run") : std::string_view("stopped"));
    std::array<std::uint8_t, 1> const payload{static_cast<std::uint8_t>(status)};
    // Guests on other cores go on printing, and a UART may hang.
    console_->close();
    auto const latest = arch::time_stamp() + arch::to_ticks(longest_drain);
    auto const drain = [&]
    {
        while (!console_->drain() && arch::time_stamp() < latest)
            arch::pause();
    };
    drain();
    console_->close();
    console_->record(interface::Record_type::finished, Vm_id{0}, std::span<const std::uint8_t>(payload));
    drain();
    // What the UARTs still hold, 16 bytes at 115200 baud, must be on the wire before the power goes.
    auto const sent = arch::time_stamp() + arch::to_ticks(last_bytes_time);
    while (arch::time_stamp() < sent)
        arch::pause();
    arch::power_off();
}

} // namespace ovm::boot
