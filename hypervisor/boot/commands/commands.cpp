#include "boot/commands/commands.hpp"

#include <algorithm>
#include <bit>

#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using interface::Command;
using interface::Invocation;

namespace
{

/// What the cores did in the last collection, together; the longest slice of any.
object::Collection_figures figures_of(const Hypervisor& machine)
{
    object::Collection_figures sum{};
    for (std::uint32_t core = 0; core < machine.cores(); ++core)
    {
        auto const figures = arch::core_window_of(Core_id(core)).heap->figures();
        sum.objects_freed += figures.objects_freed;
        sum.bytes_freed += figures.bytes_freed;
        sum.objects_left += figures.objects_left;
        sum.bytes_left += figures.bytes_left;
        sum.slices += figures.slices;
        sum.longest = std::max(sum.longest, figures.longest);
    }
    return sum;
}

/// Numbers in ascending order, neighbours together: ` 0-3 5`.
void write_ranges(Text_writer& text, object::Seats seats)
{
    for (std::uint32_t seat = 0; seat < object::max_seats; ++seat)
    {
        if (!object::contains(seats, seat))
            continue;
        text << ' ' << seat;
        auto const first = seat;
        while (seat + 1 < object::max_seats && object::contains(seats, seat + 1))
            ++seat;
        if (seat != first)
            text << '-' << seat;
    }
}

/// Where a clustered object's representatives are.
void write_seats(Text_writer& text, object::Kind kind, object::Seats seats, Node_id home)
{
    bool const several = std::popcount(seats) != 1;
    if (kind == object::Kind::shared)
        text << ", on node " << home.value();
    else
    {
        text << ", of " << (kind == object::Kind::per_node ? "node" : "core") << (several ? "s" : "");
        write_ranges(text, seats);
    }
}

} // namespace

std::optional<std::uint32_t> index_below(std::string_view word, std::uint32_t end)
{
    auto const value = object::parse_value(word, object::Unit::number);
    if (!value || *value >= end)
        return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

Commands::Commands(Hypervisor& machine)
    : machine_(machine), vms_(machine), cores_(machine), objects_(machine), gc_(machine), policies_(machine),
      swap_(machine), move_(machine), kind_(machine), migrate_(machine), module_(machine), stats_(machine),
      faults_(machine), stop_(machine)
{
    for (auto* const command :
         std::initializer_list<Command*>{&help_, &vms_, &cores_, &objects_, &gc_, &policies_, &swap_, &move_, &kind_,
                                         &migrate_, &module_, &stats_, &faults_, &stop_})
        OVM_ASSERT(table_.add(*command).has_value());
}

bool Commands::ready()
{
    return machine_.console().ready();
}

void Commands::line(std::string_view text)
{
    machine_.console().line(text);
}

Command::Step Vms_command::run(Invocation& invocation)
{
    auto const slots = machine().slots();
    if (invocation.place == slots.size())
        return Step::done;
    auto& slot = *slots[invocation.place++];
    auto const& configuration = slot.configuration();
    auto* const vm = slot.vm();
    std::uint64_t waited = 0;
    std::array<char, 80> storage{};
    Text_writer homes(storage);
    auto& registry = machine().registry();
    if (auto const* const running = registry.find(slot.id()))
    {
        homes << (running->vcpus() == 1 ? ", on core" : ", on cores");
        for (std::uint32_t i = 0; i < running->vcpus(); ++i)
        {
            waited += running->vcpu(i).steal_time().value();
            if (auto const home = registry.home({slot.id(), Vcpu_index(i)}))
                homes << ' ' << home->value();
        }
    }
    invocation.answer("VM ", slot.id().value(), " ", configuration.name, ": ", slot.state(), ", ", configuration.vcpus,
                      configuration.vcpus == 1 ? " vcpu, " : " vcpus, ", configuration.memory, ", given ",
                      vm != nullptr ? to_bytes(vm->memory().used()) : Bytes(0), ", weight ", configuration.weight,
                      ", waited ", waited / 1'000'000, " ms", homes.view());
    return Step::again;
}

Command::Step Cores_command::run(Invocation& invocation)
{
    if (invocation.place == machine().cores())
    {
        auto const& moves = machine().balancer().counts();
        invocation.answer("vcpus moved: ", moves.by_placement, " by the placement, ", moves.by_hand, " by hand; ",
                          moves.refused, " could not be");
        return Step::done;
    }
    Core_id const id(static_cast<std::uint32_t>(invocation.place++));
    auto const load = machine().core(id)->load(arch::time_stamp());
    invocation.answer("core ", id.value(), ": node ", arch::node_of(id).value(), ", ", load.resident, " live there, ",
                      load.runnable, " can run, busy for ", arch::to_nanoseconds(load.busy).value() / 1'000'000,
                      " ms, ", arch::core_window_of(id).crossings, " interrupts");
    return Step::again;
}

Command::Step Objects_command::run(Invocation& invocation)
{
    if (invocation.step == 0)
    {
        invocation.answer("object table: ", machine().policies().table().used(), " of ",
                          std::uint64_t{arch::object_slots}, " entries");
        invocation.answer("object heap: ", to_bytes(machine().heap().used()), " in frames");
        invocation.answer("memory: ", to_bytes(machine().pool().free()), " free");
        auto const sum = figures_of(machine());
        invocation.answer("collected objects: ", sum.objects_left, " left by collection ",
                          machine().collector().ended(), ", ", Bytes(sum.bytes_left));
        return Step::again;
    }
    auto const clustered = machine().clustered().entries();
    if (invocation.place == clustered.size())
        return Step::done;
    auto const& [name, object] = clustered[invocation.place++];
    auto const kind = object->kind();
    auto const seats = object->seats();
    auto const count = static_cast<std::uint32_t>(std::popcount(seats));
    std::array<char, 120> storage{};
    Text_writer where(storage);
    if (count != 0)
        write_seats(where, kind, seats, object->home());
    invocation.answer("clustered object ", name, ": ", to_text(kind), ", ", count,
                      count == 1 ? " representative" : " representatives", where.view());
    return Step::again;
}

Command::Step Gc_command::run(Invocation& invocation)
{
    auto const& collector = machine().collector();
    // One that runs already may have begun before what is garbage now was.
    if (invocation.step == 0)
        invocation.place = collector.step().cycle() + 1;
    if (collector.ended() < invocation.place)
    {
        if (collector.step().phase() == object::Phase::idle)
            arch::core_window().heap->request_collection();
        return Step::wait;
    }
    auto const sum = figures_of(machine());
    invocation.answer("collection ", invocation.place, ": ", sum.objects_freed, " objects freed, ",
                      Bytes(sum.bytes_freed), "; ", sum.objects_left, " left, ", Bytes(sum.bytes_left), "; ",
                      sum.slices, " slices, the longest ", sum.longest, " ticks");
    return Step::done;
}

Command::Step Stats_command::run(Invocation& invocation)
{
    while (invocation.place < arch::exit_kinds)
    {
        auto const kind = invocation.place++;
        std::uint64_t exits = 0;
        for (std::uint32_t core = 0; core < machine().cores(); ++core)
            exits += arch::core_window_of(Core_id(core)).exits[kind];
        if (exits == 0)
            continue;
        invocation.answer(arch::to_text(static_cast<arch::Exit_kind>(kind)), ": ", exits);
        return Step::again;
    }
    return Step::done;
}

Command::Step Faults_command::run(Invocation& invocation)
{
    auto const& faults = machine().faults();
    if (invocation.step == 0)
        invocation.answer(faults.count(), faults.count() == 1 ? " fault" : " faults");
    if (invocation.place == faults.kept())
        return Step::done;
    auto const record = faults.get(invocation.place++);
    std::array<char, 80> storage{};
    Text_writer whose(storage);
    if (record.domain == arch::Fault_domain::guest)
        whose << "VM " << record.vm.value();
    else if (record.domain == arch::Fault_domain::job)
        whose << "a job";
    else
        whose << "the policy of " << record.resource.view();
    invocation.answer("at ", arch::to_nanoseconds(record.when).value() / 1'000'000, " ms on core ", record.core.value(),
                      ", for ", whose.view(), ": ", record.fault.what, " ", record.fault.file, " ", record.fault.line);
    return Step::again;
}

Command::Step Stop_command::run([[maybe_unused]] Invocation& invocation)
{
    machine().stop();
    return Step::done;
}

} // namespace ovm::boot
