#include "boot/slot.hpp"

#include <algorithm>

#include "boot/hypervisor.hpp"
#include "interface/console/log.hpp"

namespace ovm::boot
{

namespace
{

constexpr std::uint32_t most_faults_while_ending = 3;
constexpr std::string_view no_memory = "there is no memory left for the VM";

Text<40> resource_name(std::string_view family, std::string_view vm)
{
    std::array<char, 40> storage{};
    Text_writer text(storage);
    text << family << vm;
    return Text<40>(text.view());
}

} // namespace

Slot::Slot(Hypervisor& owner, Vm_id id, const interface::Vm_configuration& configuration)
    : owner_(owner), id_(id), configuration_(configuration),
      files_(interface::find_files(owner.archive(), configuration)), terminal_(owner.console(), id, configuration.name)
{
}

std::string_view Slot::state() const
{
    switch (phase_)
    {
    case Phase::place:
    case Phase::build:
    case Phase::connect:
    case Phase::add_vcpus:
    case Phase::populate:
    case Phase::load_tables:
    case Phase::load:
    case Phase::copy:
        return "starting";
    case Phase::run:
        return "running";
    case Phase::ended:
    case Phase::leave:
        return "ending";
    case Phase::done:
        return "ended";
    }
    return "unknown";
}

object::Job::Step Slot::step()
{
    if (phase_ == Phase::run && vm_->has_ended())
    {
        end_ = vm_->how_it_ended();
        owner_.registry().remove(id_);
        phase_ = Phase::ended;
    }
    switch (phase_)
    {
    case Phase::place:
        return place();
    case Phase::build:
        return build();
    case Phase::connect:
        return connect();
    case Phase::add_vcpus:
        return add_vcpus();
    case Phase::populate:
        return populate();
    case Phase::load_tables:
        return load_tables();
    case Phase::load:
        return load();
    case Phase::copy:
        return copy();
    case Phase::run:
        return give_rest();
    case Phase::ended:
        return take_down();
    case Phase::leave:
        return leave();
    case Phase::done:
        break;
    }
    return Step::wait;
}

/// While it is made, the VM ends with it; when it ends, the rest is done all the same, or its memory would be lost.
object::Job::Step Slot::faulted(const arch::Fault& fault)
{
    if (phase_ == Phase::run)
    {
        interface::log(configuration_.name, ": is given no more memory ahead: ", fault.what);
        return Step::wait;
    }
    if (phase_ < Phase::ended)
        return could_not_start("a fault of OVM itself while it was made");
    if (++faults_while_ending_ < most_faults_while_ending)
        return Step::again;
    interface::log(configuration_.name, ": what is left of it stays: ", fault.what);
    phase_ = Phase::done;
    owner_.report(id_, configuration_.name, end_);
    owner_.one_done();
    return Step::wait;
}

void Slot::write_homes(processor::Placement_state& state) const
{
    auto const vm = id_.value() - 1;
    state.vcpus[vm] = static_cast<std::uint8_t>(placed_);
    for (std::uint32_t i = 0; i < placed_; ++i)
    {
        auto const home = owner_.registry().home({id_, Vcpu_index(i)});
        OVM_ASSERT(home.has_value()); // as it was placed
        state.homes[vm][i] = processor::Placement_state::Home::at(*home);
    }
}

void Slot::rebuild(memory::Population_state& state)
{
    if (!vm_)
        return;
    state.progress = vm_->memory().progress();
    state.ahead = !state.progress.is_complete();
}

/// One vcpu a slice. A placement that is being replaced is asked again.
object::Job::Step Slot::place()
{
    std::optional<Node_id> near{};
    if (placed_ != 0)
        near = arch::node_of(homes_[0]->id());
    auto const home = owner_.policies().placement().ask(
        [&](processor::Placement& policy)
        {
            auto const core = policy.place({id_, Vcpu_index(placed_)}, near, owner_.balancer().loads());
            OVM_ENSURES(!core || owner_.core(*core) != nullptr);
            return core;
        });
    if (!home && home.error() == Error::busy)
        return Step::again;
    if (!home)
        return could_not_start("no core takes its vcpus");
    homes_[placed_] = owner_.core(*home);
    owner_.registry().settle({id_, Vcpu_index(placed_)}, *home);
    if (++placed_ == configuration_.vcpus)
        phase_ = Phase::build;
    return Step::again;
}

object::Job::Step Slot::build()
{
    if (population_ && !population_->claim())
        return Step::again; // a policy failed in here, and somebody swaps this one already
    give_up_building();
    auto& policies = owner_.policies();
    population_.emplace(resource_name(policies.population_name(), configuration_.name).view(),
                        memory::Population_state::losses(), quota_, policies.population_gate(),
                        static_cast<object::State_source<memory::Population>&>(*this));
    if (!policies.fill(*population_, configuration_.lazy))
        return could_not_start(no_memory);
    owner_.modules().offer_to(*population_);
    managed_population_.emplace(population_->policy_reference());
    interface::Virtual_machine::Environment const environment{
        owner_.heap(), policies.frames(), owner_.console(), terminal_, owner_, *managed_population_, homes_};
    auto vm = object::make<interface::Virtual_machine>(owner_.heap(), environment, id_, configuration_);
    if (!vm)
        return could_not_start(no_memory);
    vm_ = std::move(*vm);
    phase_ = Phase::connect;
    return Step::again;
}

object::Job::Step Slot::connect()
{
    if (auto const built = vm_->build(); !built)
        return could_not_start(built.error() == Error::no_memory ? no_memory : to_text(built.error()));
    phase_ = Phase::add_vcpus;
    return Step::again;
}

/// One a slice.
object::Job::Step Slot::add_vcpus()
{
    auto const done = vm_->add_vcpu();
    if (!done)
        return could_not_start(done.error() == Error::no_memory ? no_memory : to_text(done.error()));
    if (*done)
        phase_ = Phase::populate;
    return Step::again;
}

object::Job::Step Slot::populate()
{
    auto const done = vm_->populate_step();
    if (!done && done.error() != Error::busy)
        return could_not_start("there is not enough memory: give the computer more, or its VMs less");
    if (done && *done)
        phase_ = Phase::load_tables;
    return Step::again;
}

object::Job::Step Slot::load_tables()
{
    auto const done = vm_->load_tables();
    if (!done)
        return could_not_start(no_memory);
    if (*done)
        phase_ = Phase::load;
    return Step::again;
}

object::Job::Step Slot::load()
{
    if (!files_)
        return could_not_start(files_.error().what);
    auto const loaded = vm_->load(*files_);
    if (!loaded)
        return could_not_start(loaded.error().what);
    phase_ = Phase::copy;
    return Step::again;
}

object::Job::Step Slot::copy()
{
    auto const done = vm_->load_step();
    if (!done)
        return could_not_start(no_memory);
    if (!*done)
        return Step::again;
    phase_ = Phase::run;
    interface::log(configuration_.name, " starts, ", to_bytes(owner_.pool().free()), " free");
    owner_.registry().add(id_, *vm_);
    vm_->start();
    return Step::wait;
}

/// Another population may have come, which gives the rest while the VM runs. Running short of memory then is no end.
object::Job::Step Slot::give_rest()
{
    auto const done = vm_->populate_step();
    if (!done && done.error() == Error::busy)
        return Step::again;
    return done && !*done ? Step::again : Step::wait;
}

object::Job::Step Slot::could_not_start(std::string_view why)
{
    end_ = {interface::End_reason::could_not_start, 0, why};
    phase_ = Phase::ended;
    return Step::again;
}

/// In slices: whatever a crossing could meet is out of reach already.
object::Job::Step Slot::take_down()
{
    if (owner_.balancer().concerns(id_))
        return Step::again; // a vcpu is on its way to another core
    if (population_ && !claimed_)
    {
        claimed_ = population_->claim();
        if (!claimed_)
            return Step::again; // a swap of its population is under way
    }
    if (vm_ && !vm_->take_down_step())
        return Step::again;
    give_up_building();
    claimed_ = false;
    phase_ = Phase::leave;
    return Step::again;
}

void Slot::give_up_building()
{
    vm_.reset();
    managed_population_.reset();
    if (population_)
        owner_.policies().close(*population_);
    population_.reset();
}

object::Job::Step Slot::leave()
{
    for (; placed_ != 0; --placed_)
    {
        auto const left = owner_.policies().placement().ask([&](processor::Placement& policy)
                                                            { return policy.leave({id_, Vcpu_index(placed_ - 1)}); });
        if (!left && left.error() == Error::busy)
            return Step::again;
        owner_.registry().leave({id_, Vcpu_index(placed_ - 1)});
    }
    if (end_.reason == interface::End_reason::reset && owner_.restarts())
    {
        owner_.restarted(id_);
        phase_ = Phase::place;
        return Step::again;
    }
    phase_ = Phase::done;
    owner_.report(id_, configuration_.name, end_);
    owner_.one_done();
    return Step::wait;
}

} // namespace ovm::boot
