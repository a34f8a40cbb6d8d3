#include "sharing/operations.hpp"

#include <cstdlib>

#include "arch/hosted/machine.hpp"
#include "object/clustered/change.hpp"

namespace ovm::bench
{

namespace
{

void must(bool good)
{
    if (!good)
        std::abort();
}

} // namespace

Cores::Cores(std::uint32_t count) : mail_(count)
{
    constexpr Bytes of_a_node{std::uint64_t{64} << 20};
    auto const nodes = (count + 7) / 8;
    arch::hosted::reset(count, nodes);
    for (std::uint32_t node = 0; node < nodes; ++node)
    {
        Host_physical const begin(1 + std::uint64_t{node} * of_a_node.value()); // page 0 is not for use
        must(pool_
                 .open_node(Node_id(node),
                            std::array{Range<Host_physical>{begin.align_up(page_size), of_a_node - page_size}})
                 .has_value());
    }
    must(naive_pool_
             .open_node(Node_id(0), std::array{Range<Host_physical>{Host_physical(std::uint64_t{1} << 30), of_a_node}})
             .has_value());
    must(pool_.open_stocks(table_).has_value());
    tally_.emplace(object::Kind::partitioned, factory_, tombstone_);
    must(tally_->open(table_).has_value());
    for (std::uint32_t core = 0; core < count; ++core)
        spaces_.push_back(std::make_unique<object::Local_space>(Core_id(core)));
}

Cores::~Cores()
{
    arch::hosted::become_core(Core_id(0));
    object::Change change;
    for (object::Changeable* const each :
         {static_cast<object::Changeable*>(&*tally_), static_cast<object::Changeable*>(&pool_.stocks().root())})
    {
        must(change.begin_end(*each, Core_id(0), nullptr).has_value());
        end(change);
        must(change.begin_give_back(*each, table_, Core_id(0), nullptr).has_value());
        end(change);
    }
}

void Cores::end(object::Change& change)
{
    while (!change.idle())
    {
        spaces_[0]->inbox.receive_all();
        spaces_[0]->jobs.run_one();
    }
}

void Cores::send(std::uint32_t from, std::uint32_t to)
{
    object::post(Core_id(to), mail_[from].message);
    arch::hosted::become_core(Core_id(to));
    object::local_space().inbox.receive_all();
}

void Cores::perform(Operation operation, std::uint32_t core)
{
    arch::hosted::become_core(Core_id(core));
    switch (operation)
    {
    case Operation::nothing:
        break;
    case Operation::exit:
        ++arch::core_window().exits[1];
        break;
    case Operation::wake_up:
        send(core, core);
        break;
    case Operation::frame:
    {
        auto const frame = frames_.allocate(memory::small_order, arch::core_window().node);
        must(frame.has_value());
        frames_.release(*frame, memory::small_order);
        break;
    }
    case Operation::look_up:
        must(tally_->reference()->add(1).has_value());
        break;
    case Operation::message:
        send(core, (core + 1) % count());
        break;
    case Operation::naive_frame:
    {
        auto const frame = naive_pool_.allocate(Node_id(0), memory::small_order);
        must(frame.has_value());
        naive_pool_.release(*frame, memory::small_order);
        break;
    }
    case Operation::naive_exit:
    {
        Lock_guard const guard(naive_lock_);
        ++naive_count_;
        break;
    }
    }
}

} // namespace ovm::bench
