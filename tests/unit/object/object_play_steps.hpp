#pragma once

#include "object/object_play.hpp"

/// What Object_play does.
namespace ovm::test
{

inline Object_play::Object_play(std::uint32_t cores, std::uint64_t seed, Object_sabotage sabotage)
    : Interleaving(seed), sabotage_(sabotage), players_(cores)
{
    arch::hosted::reset(cores, cores > 2 ? 2 : 1);
    collection_.play = this;
    heaps_.emplace(cores, collection_);
    heaps_->open();
    object::Parameters const none(Counting_factory::described);
    if (!heaps_->roots.add(shared_) || !heaps_->roots.add(local_))
        fail("the play cannot begin");
    if (!shared_.add(factory_) || !local_.add(factory_) || !shared_.open(table_, 0, none, Ticks(0)) ||
        !local_.open(table_, 0, none, Ticks(0)))
        fail("the play cannot begin");
    for (std::uint32_t core = 0; core < cores; ++core)
    {
        spaces_.push_back(std::make_unique<object::Local_space>(Core_id(core)));
        collections_.push_back(std::make_unique<object::Collection_job>(Core_id(core)));
        players_[core].play = this;
        players_[core].core = Core_id(core);
        if (!local_.add_core(Core_id(core)))
            fail("the play cannot begin");
        local_.set_holder(Core_id(core), players_[core]);
    }
}

inline Object_play::~Object_play()
{
    static_cast<void>(drain());
}

inline std::string Object_play::drain()
{
    factory_.refuses = factory_.no_memory = false;
    tally_factory_.most = ~std::uint64_t{0};
    for (auto& player : players_)
    {
        arch::hosted::become_core(player.core);
        leave(player);
    }
    for (unsigned round = 0; round < 2000 && (tally_ || !shared_swap_.idle() || !local_swap_.idle()); ++round)
    {
        for (auto& player : players_)
        {
            arch::hosted::become_core(player.core);
            if (player.core.value() == core_of_changes())
                operate_clustered(player.core, true);
            spaces_[player.core.value()]->inbox.receive_all();
            spaces_[player.core.value()]->jobs.run_one();
        }
    }
    if (tally_ || !shared_swap_.idle() || !local_swap_.idle())
        return "a swap or a change does not end";
    check();
    heaps_->collect();
    counts_.collections = heaps_->collector.ended();
    if (failure().empty() && alive != players_.size() + 1)
        return "an object stays that nobody can reach";
    return failure();
}

inline void Object_play::step()
{
    auto& player = players_[below(players_.size())];
    arch::hosted::become_core(player.core);
    switch (player.place)
    {
    case Place::quiescent:
        if (chance(20))
            (*heaps_)[player.core.value()].request_collection();
        if (sabotage_ != Object_sabotage::no_grace)
            collections_[player.core.value()]->enter(false);
        player.place = Place::entered;
        break;
    case Place::entered:
        spaces_[player.core.value()]->inbox.receive_all();
        player.place = Place::crossing;
        break;
    case Place::crossing:
        act(player);
        break;
    }
}

inline void Object_play::act(Player& player)
{
    switch (below(12))
    {
    case 0:
    case 1:
    case 2:
        load(player);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        call(player);
        break;
    case 7:
    case 8:
        slice(player);
        break;
    case 9:
        operate(player);
        break;
    default:
        leave(player);
        break;
    }
}

inline void Object_play::load(Player& player)
{
    player.target = static_cast<Target>(1 + below(3));
    player.policy = nullptr;
    player.tally = nullptr;
    if (player.target != Target::clustered)
        player.policy = &(player.target == Target::shared ? shared_.reference() : local_.reference()).here();
    else if (reference_)
        player.tally = &reference_.here();
    else
        player.target = Target::none;
}

inline void Object_play::call(Player& player)
{
    auto const* const object = player.tally != nullptr ? static_cast<const void*>(player.tally) : player.policy;
    if (object == nullptr || !must_be_there(object))
        return;
    Call one;
    one.tally = player.tally;
    one.policy = player.policy;
    one.amount = 1 + below(9);
    fault_at_ = chance(6) ? (chance(2) ? Fault_at::before : Fault_at::after) : Fault_at::nowhere;
    auto& window = arch::core_window();
    window.domain = arch::Fault_domain::guest;
    auto const faulted = arch::run_crossing(one) != nullptr;
    window.domain = arch::Fault_domain::none;
    answered(player, one, faulted);
    fault_at_ = Fault_at::nowhere;
    if (sabotage_ == Object_sabotage::double_effect && !faulted && chance(1000))
        one.cross();
    if (faulted)
        leave(player);
}

/// What must have come of a call.
inline void Object_play::answered(Player& player, const Call& call, bool faulted)
{
    if (faulted)
    {
        ++counts_.faults;
        if (fault_at_ == Fault_at::after)
            expected(player) += call.amount;
        return;
    }
    if (call.answer)
    {
        ++counts_.answered;
        expected(player) += call.amount;
        return;
    }
    switch (call.answer.error())
    {
    case Error::busy:
        ++counts_.busy;
        return player.target == Target::local ? fail("a core's own policy was busy") : void();
    case Error::gone:
        ++counts_.gone;
        return player.target == Target::clustered && ending_ ? void() : fail("what was not destroyed was gone");
    case Error::no_memory:
        return player.target == Target::clustered ? void() : fail("a call needed memory");
    default:
        return fail("a call has an answer that nobody gave");
    }
}

inline std::uint64_t& Object_play::expected(Player& player)
{
    switch (player.target)
    {
    case Target::shared:
        return shared_count_;
    case Target::local:
        return player.counted;
    default:
        return tally_count_;
    }
}

inline void Object_play::slice(Player& player)
{
    // On core 0, whose slices carry and publish at once, an open gate harms nobody.
    auto& entry =
        arch::object_entry_of(Core_id(1 % static_cast<std::uint32_t>(players_.size())), shared_.reference().slot());
    auto* const before = entry.load();
    player.policy = nullptr; // as at a boundary: a collection's slice passes a safe point
    player.tally = nullptr;
    spaces_[player.core.value()]->jobs.run_one();
    if (sabotage_ == Object_sabotage::open_gate && player.core.value() == 0 && entry.load() == &gate_)
        entry.store(before);
}

inline void Object_play::operate(Player& player)
{
    factory_.no_memory = chance(8);
    factory_.refuses = chance(8);
    tally_factory_.most = chance(6) ? tally_factory_.made + below(3) : ~std::uint64_t{0};
    if (player.core.value() == 0)
        begin_swap(shared_, shared_swap_, player.core);
    if (player.core.value() == 1 % players_.size())
        begin_swap(local_, local_swap_, player.core);
    if (player.core.value() == core_of_changes())
        operate_clustered(player.core, false);
}

inline void Object_play::begin_swap(object::Adaptor& adaptor, object::Swap& swap, Core_id core)
{
    if (!swap.idle())
        return;
    swap.prepare("play");
    if (!swap.add({&adaptor, 0, object::Parameters(Counting_factory::described)}))
        return fail("an idle adaptor is claimed");
    swap.begin(core, nullptr);
    ++counts_.swaps;
}

/// The clustered object's life: made, changed, destroyed, forgotten by its owner, made again.
inline void Object_play::operate_clustered(Core_id core, bool to_the_end)
{
    if (!change_.idle())
        return;
    Result<> begun{};
    auto const any_core = [this] { return Core_id(static_cast<std::uint32_t>(below(players_.size()))); };
    if (ending_ && !reference_)
    {
        tally_.reset();
        ending_ = false;
    }
    else if (ending_)
    {
        reference_ = {};
        begun = change_.begin_give_back(*tally_, table_, core, nullptr);
    }
    else if (to_the_end || (tally_ && chance(8)))
    {
        if (!tally_)
            return;
        begun = change_.begin_end(*tally_, core, nullptr);
        ending_ = true;
    }
    else if (!tally_)
    {
        tally_.emplace(static_cast<object::Kind>(below(4)), tally_factory_, tombstone_);
        tally_factory_.root = &*tally_;
        begun = tally_->open(table_);
        reference_ = tally_->reference();
        tally_count_ = 0;
        ++counts_.lives;
    }
    else if (chance(2))
        begun = change_.begin_migration(*tally_, any_core(), any_core(), core, nullptr);
    else
        begun = change_.begin_kind(*tally_, static_cast<object::Kind>(below(4)), Node_id(0), core, nullptr);
    if (!begun && begun.error() != Error::unsupported)
        fail("a change cannot begin");
    ++counts_.changes;
}

inline void Object_play::leave(Player& player)
{
    player.target = Target::none;
    player.policy = nullptr;
    player.tally = nullptr;
    player.place = Place::quiescent;
    if (auto& window = arch::core_window(); !object::is_quiescent(window.epoch.load()))
        object::end_crossing(window);
}

inline Result<std::uint32_t> Object_play::Player::exchange(Swapped& next)
{
    Swapped::State state{};
    OVM_TRY(play->local_.reference()->export_state(state));
    OVM_TRY(next.import_state(state));
    object::publish(core, play->local_.reference(), next);
    return state.lost;
}

/// What it counted itself is all that there is to know, and no policy may refuse it.
inline void Object_play::Player::replace(Swapped& next)
{
    play->factory_.refuses = false;
    Swapped::State state{.count = counted};
    OVM_ASSERT(next.import_state(state).has_value());
    object::publish(core, play->local_.reference(), next);
}

inline void Object_play::made(const void* object)
{
    Watch::made(object);
    there_[object] = true;
}

inline void Object_play::ended(const void* object)
{
    Watch::ended(object);
    there_[object] = false;
}

inline void Object_play::after_effect()
{
    fault_at(Fault_at::after);
}

inline void Object_play::fault_at(Fault_at place)
{
    if (fault_at_ == place)
        arch::discard_crossing({.kind = arch::Fault::Kind::injected, .what = "play"});
}

/// Stand-ins are always there.
inline bool Object_play::must_be_there(const void* object)
{
    auto const found = there_.find(object);
    if (found == there_.end() || found->second)
        return true;
    fail("an object is used after it was freed");
    return false;
}

inline void Object_play::check()
{
    for (auto& player : players_)
    {
        must_be_there(player.policy);
        must_be_there(player.tally);
    }
    check_shared();
    check_local();
    check_clustered();
}

/// One policy is in charge, or the gate, for all alike.
inline void Object_play::check_shared()
{
    auto const slot = shared_.reference().slot();
    auto* const first = arch::object_entry_of(Core_id(0), slot).load();
    for (auto const& player : players_)
    {
        if (sabotage_ == Object_sabotage::none && arch::object_entry_of(player.core, slot).load() != first)
            fail("two policies are in charge");
    }
    if (!must_be_there(first) || first == &gate_)
        return;
    arch::hosted::become_core(Core_id(0));
    if (shared_.reference()->count().value_or(~shared_count_) != shared_count_)
        fail("the shared policy miscounts");
}

inline void Object_play::check_local()
{
    for (auto const& player : players_)
    {
        arch::hosted::become_core(player.core);
        if (!must_be_there(&*local_.reference()))
            return;
        if (local_.reference()->count().value_or(~player.counted) != player.counted)
            fail("a core's own policy miscounts");
    }
}

inline void Object_play::check_clustered()
{
    if (!tally_)
        return;
    for (auto const& player : players_)
    {
        if (reference_)
            must_be_there(arch::object_entry_of(player.core, reference_.slot()).load());
    }
    if (!ending_ && total(*tally_) != tally_count_)
        fail("the clustered object miscounts");
}

} // namespace ovm::test
