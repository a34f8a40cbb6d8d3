#include "interface/machine/virtual_machine.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "interface/boot/linux.hpp"
#include "interface/boot/multiboot.hpp"
#include "interface/boot/pvh.hpp"

namespace ovm::interface
{

// What policies remember of each vcpu has room for every one that can be described.
static_assert(processor::most_vms == max_vms && processor::most_vcpus == max_vcpus);

Virtual_machine::Virtual_machine(const Environment& environment, Vm_id id, const Vm_configuration& configuration)
    : environment_(environment), id_(id), configuration_(configuration),
      memory_(environment.frames, arch::node_of(environment.homes[0]->id()), configuration.memory,
              environment.population, id),
      platform_(environment.homes[0]->timers(), environment.terminal, *this, memory_, configuration.vcpus,
                arch::time_stamp()),
      dispatcher_(platform_.cpuid(), platform_.msrs(), platform_.calls(), *this), tables_(memory_, configuration.vcpus)
{
}

Virtual_machine::~Virtual_machine()
{
    disconnect();
    destroy_processors();
}

void Virtual_machine::disconnect()
{
    environment_.terminal.disconnect_input();
    platform_.stop();
}

void Virtual_machine::destroy_processors()
{
    for (auto& processor : processors_)
    {
        processor.vcpu.reset();
        if (processor.memory)
            environment_.frames.release(*processor.memory, processor_order());
        processor.memory.reset();
    }
}

bool Virtual_machine::take_down_step()
{
    constexpr std::uint64_t pages = 32;
    switch (take_down_)
    {
    case Take_down::nothing:
        disconnect();
        take_down_ = Take_down::disconnected;
        return false;
    case Take_down::disconnected:
        // migration.pml, await_reception: what devices asked until now may still be on its way to a core.
        if (any_vcpu_is_asked())
            return false;
        grace_.begin();
        take_down_ = Take_down::unasked;
        return false;
    case Take_down::unasked:
        // migration.pml, pass_epoch: a core may be in the middle of its reception.
        if (!grace_.over())
            return false;
        destroy_processors();
        take_down_ = Take_down::without_processors;
        return false;
    case Take_down::without_processors:
        return memory_.release_some(pages);
    }
    return true;
}

bool Virtual_machine::any_vcpu_is_asked() const
{
    return std::ranges::any_of(processors_,
                               [](auto const& processor) { return processor.vcpu && processor.vcpu->is_asked(); });
}

memory::Page_order Virtual_machine::processor_order() const
{
    auto const pages = arch::Virtual_processor::memory_needed().value() / page_size.value();
    return memory::Page_order(static_cast<std::uint8_t>(std::bit_width(pages - 1)));
}

processor::Scheduling_parameters Virtual_machine::scheduling() const
{
    return {.weight = configuration_.weight,
            .budget = arch::to_ticks(configuration_.budget),
            .period = arch::to_ticks(configuration_.period),
            .latency = arch::to_ticks(configuration_.latency)};
}

Result<> Virtual_machine::build()
{
    OVM_TRY(memory_.open());
    return platform_.connect(dispatcher_, configuration_.debug_exit);
}

Result<bool> Virtual_machine::add_vcpu()
{
    auto const index = added_;
    auto& core = *environment_.homes[index];
    auto& processor = processors_[index];
    auto const order = processor_order();
    processor.memory = OVM_TRY(environment_.frames.allocate(order, arch::node_of(core.id())));
    arch::fill(arch::physical_bytes(*processor.memory, memory::size_of(order)), 0);
    auto* const port = OVM_TRY(platform_.add_processor(environment_.heap, index, core.timers()));
    processor.vcpu = OVM_TRY(object::make<processor::Vcpu>(
        environment_.heap, processor::Vcpu::Identity{id_, Vcpu_index(index), scheduling()}, core, *processor.memory,
        memory_, static_cast<processor::Exit_handler&>(dispatcher_), *port,
        static_cast<processor::Vcpu_events&>(*this)));
    processor.vcpu->state().set_nested_root(memory_.root());
    platform_.attach(index, *processor.vcpu);
    return ++added_ == configuration_.vcpus;
}

std::expected<void, Load_error> Virtual_machine::load(const Vm_files& files)
{
    auto const entry = [&]() -> std::expected<Entry_state, Load_error>
    {
        switch (configuration_.boot)
        {
        case Boot_kind::linux:
            return load_linux(copies_, files.kernel, files.initrd, configuration_.command_line);
        case Boot_kind::pvh:
            return load_pvh(copies_, files.kernel, files.initrd, configuration_.command_line);
        case Boot_kind::multiboot:
            break;
        }
        Static_vector<Multiboot_module, 4> modules{};
        for (std::size_t i = 0; i < configuration_.modules.size(); ++i)
            OVM_ASSERT(modules.push_back({files.modules[i], configuration_.modules[i].command_line}).has_value());
        return load_multiboot(copies_, files.kernel, modules.items(), configuration_.command_line);
    }();
    if (!entry)
        return std::unexpected(entry.error());
    enter(processors_[0].vcpu->state(), *entry);
    return {};
}

Result<bool> Virtual_machine::load_step()
{
    constexpr Bytes slice{12 << 10};
    return copies_.copy_some(slice);
}

void Virtual_machine::start()
{
    running_.store(configuration_.vcpus, std::memory_order_release);
    environment_.terminal.connect_input(platform_.keyboard());
    for (std::uint32_t i = 0; i < configuration_.vcpus; ++i)
        processors_[i].vcpu->start(i == 0 ? processor::Run_state::runnable : processor::Run_state::waiting_for_startup);
}

void Virtual_machine::end(const Vm_end& how)
{
    if (ending_.exchange(true, std::memory_order_acq_rel))
        return;
    end_ = how;
    for (std::uint32_t i = 0; i < configuration_.vcpus; ++i)
        processors_[i].vcpu->stop();
}

void Virtual_machine::stopped(processor::Vcpu&)
{
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1)
        environment_.owner.ended(*this);
}

void Virtual_machine::refused(processor::Vcpu&)
{
    end({End_reason::could_not_start, 0, "its reservation does not fit beside the others on its core"});
}

void Virtual_machine::fail(processor::Vcpu& vcpu, std::string_view why)
{
    log(configuration_.name, ": vcpu ", vcpu.index().value(), ": OVM failed while it served an exit: ", why);
    end({End_reason::crashed, 0, "a fault of OVM itself while it served an exit of this VM"});
}

void Virtual_machine::resumed(processor::Vcpu& vcpu)
{
    platform_.resumed(vcpu);
}

void Virtual_machine::moving(processor::Vcpu& vcpu, processor::Core& to)
{
    platform_.move(vcpu.index().value(), to.timers());
}

void Virtual_machine::halted_for_good(processor::Vcpu&)
{
    for (auto const& processor : std::span(processors_).first(configuration_.vcpus))
    {
        auto const state = processor.vcpu->run_state();
        if (state != processor::Run_state::waiting_for_startup && !processor.vcpu->is_halted_for_good())
            return;
    }
    end({End_reason::halted, 0, {}});
}

void Virtual_machine::crashed(processor::Vcpu& vcpu, const arch::Exit& exit, const char* why)
{
    auto& state = vcpu.state();
    auto line = [&](auto const&... parts)
    {
        std::array<char, 200> storage{};
        Text_writer text(storage);
        (text << ... << parts);
        environment_.console.record(Record_type::guest_stop, id_, text.view());
        log(configuration_.name, ": ", text.view());
    };
    line("vcpu ", vcpu.index().value(), ": ", why, "; exit ", Hex{exit.code}, " information ", Hex{exit.information[0]},
         " ", Hex{exit.information[1]});
    line("rip ", Hex{state.rip(), 16}, " rflags ", Hex{state.rflags()}, " cr0 ", Hex{state.cr0()}, " cr2 ",
         Hex{state.cr2()}, " cr3 ", Hex{state.cr3()}, " cr4 ", Hex{state.cr4()}, " efer ", Hex{state.efer()});
    auto const& registers = state.registers();
    for (std::size_t i = 0; i < registers.size(); i += 4)
        line("r", i, " ", Hex{registers[i], 16}, " ", Hex{registers[i + 1], 16}, " ", Hex{registers[i + 2], 16}, " ",
             Hex{registers[i + 3], 16});
    end({End_reason::crashed, 0, why});
}

} // namespace ovm::interface
