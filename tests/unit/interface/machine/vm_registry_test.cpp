#include <array>
#include <cstddef>
#include <optional>

#include "interface/machine/virtual_machine.hpp"
#include "interface/machine/vm_registry.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

using interface::Virtual_machine;
using object::Kind;

class Vm_registry_test : public Object_fixture
{
protected:
    static constexpr std::uint32_t cores = 4;

    Vm_registry_test() : Object_fixture(cores, 2)
    {
        arch::hosted::become_core(Core_id(0));
        free_ = pool_.free();
        EXPECT_TRUE(registry_.open(table_));
    }
    ~Vm_registry_test()
    {
        arch::hosted::become_core(Core_id(0));
        EXPECT_TRUE(change_.begin_end(registry_.root(), Core_id(0), nullptr));
        run();
        EXPECT_TRUE(change_.begin_give_back(registry_.root(), table_, Core_id(0), nullptr));
        run();
        EXPECT_EQ(pool_.free(), free_);
    }

    void run()
    {
        for (unsigned i = 0; i < 40 && !change_.idle(); ++i)
            cross_all(1);
        EXPECT_TRUE(change_.idle());
    }
    Result<> change_kind(Kind kind)
    {
        arch::hosted::become_core(Core_id(0));
        OVM_TRY(change_.begin_kind(registry_.root(), kind, {}, Core_id(0), nullptr));
        run();
        if (!change_.succeeded())
            return change_.error();
        return {};
    }
    /// As that core's own directory has it: 0 to cores - 1, or the error.
    Result<Core_id> home(std::uint32_t core, Vm_id vm, std::uint32_t vcpu)
    {
        arch::hosted::become_core(Core_id(core));
        return registry_.reference()->home({vm, Vcpu_index(vcpu)});
    }
    Result<Virtual_machine*> vm(std::uint32_t core, Vm_id id)
    {
        arch::hosted::become_core(Core_id(core));
        return registry_.reference()->vm(id);
    }

    object::Object_table table_{};
    object::Change change_{};
    Pages free_{};
    alignas(Virtual_machine) std::array<std::byte, sizeof(Virtual_machine)> place_{};
    Virtual_machine& machine_ = reinterpret_cast<Virtual_machine&>(place_); // never looked into
    interface::Vm_registry registry_{frames_};
};

TEST_F(Vm_registry_test, KnowsNobodyAtFirstAndNobodyImpossible)
{
    for (auto const id : {0u, 1u, 255u, 256u, ~0u})
    {
        EXPECT_EQ(vm(1, Vm_id(id)).error(), Error::not_found);
        EXPECT_EQ(home(1, Vm_id(id), 0).error(), Error::not_found);
        EXPECT_EQ(registry_.find(Vm_id(id)), nullptr);
    }
    EXPECT_EQ(home(1, Vm_id(1), processor::most_vcpus).error(), Error::not_found);
}

TEST_F(Vm_registry_test, WhatIsWrittenIsReadOnEveryCoreWhetherItAskedBeforeOrNot)
{
    EXPECT_FALSE(vm(1, Vm_id(3)));
    registry_.add(Vm_id(3), machine_);
    for (std::uint32_t vcpu = 0; vcpu < processor::most_vcpus; ++vcpu)
        registry_.settle({Vm_id(3), Vcpu_index(vcpu)}, Core_id(vcpu % cores));
    registry_.leave({Vm_id(3), Vcpu_index(9)});
    for (std::uint32_t core = 0; core < cores; ++core)
    {
        EXPECT_EQ(*vm(core, Vm_id(3)), &machine_);
        for (std::uint32_t vcpu = 0; vcpu < processor::most_vcpus; ++vcpu)
        {
            auto const found = home(core, Vm_id(3), vcpu);
            EXPECT_EQ(found.has_value(), vcpu != 9);
            if (found)
                EXPECT_EQ(*found, Core_id(vcpu % cores));
        }
        EXPECT_FALSE(home(core, Vm_id(2), 0));
        EXPECT_FALSE(home(core, Vm_id(4), 0));
    }
    registry_.remove(Vm_id(3));
    for (std::uint32_t core = 0; core < cores; ++core)
        EXPECT_EQ(vm(core, Vm_id(3)).error(), Error::not_found);
    EXPECT_EQ(registry_.root().representatives(), cores);
}

TEST_F(Vm_registry_test, EachCoreReadsItsOwn)
{
    std::array<interface::Vm_directory*, cores> seen{};
    for (std::uint32_t core = 0; core < cores; ++core)
    {
        static_cast<void>(vm(core, Vm_id(1)));
        seen[core] = &*registry_.reference();
        for (std::uint32_t other = 0; other < core; ++other)
            EXPECT_NE(seen[core], seen[other]);
    }
}

TEST_F(Vm_registry_test, IsReplicatedOrSharedAndKeepsAllOfItInBoth)
{
    registry_.add(Vm_id(255), machine_);
    registry_.settle({Vm_id(255), Vcpu_index(15)}, Core_id(3));
    EXPECT_EQ(change_kind(Kind::partitioned).error(), Error::unsupported);
    EXPECT_EQ(change_kind(Kind::per_node).error(), Error::unsupported);
    for (auto const kind : {Kind::shared, Kind::replicated, Kind::shared, Kind::replicated})
    {
        ASSERT_TRUE(change_kind(kind));
        registry_.settle({Vm_id(1), Vcpu_index(0)}, Core_id(2));
        for (std::uint32_t core = 0; core < cores; ++core)
        {
            EXPECT_EQ(*vm(core, Vm_id(255)), &machine_);
            EXPECT_EQ(*home(core, Vm_id(255), 15), Core_id(3));
            EXPECT_EQ(*home(core, Vm_id(1), 0), Core_id(2));
        }
        registry_.leave({Vm_id(1), Vcpu_index(0)});
    }
}

TEST_F(Vm_registry_test, WhoCannotAskAgainIsAnsweredAndWritesAreKeptWhileTheGateIsClosed)
{
    registry_.add(Vm_id(1), machine_);
    registry_.settle({Vm_id(1), Vcpu_index(0)}, Core_id(1));
    for (std::uint32_t core = 0; core < cores; ++core)
        static_cast<void>(vm(core, Vm_id(1)));
    begin_crossing(3); // keeps the old directories
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(change_.begin_kind(registry_.root(), Kind::shared, {}, Core_id(0), nullptr));
    for (unsigned i = 0; i < 10; ++i)
        cross(0);
    ASSERT_FALSE(change_.idle());
    EXPECT_EQ(vm(2, Vm_id(1)).error(), Error::busy);
    EXPECT_EQ(registry_.find(Vm_id(1)), &machine_);
    EXPECT_EQ(registry_.find(Vm_id(2)), nullptr);
    EXPECT_EQ(registry_.home({Vm_id(1), Vcpu_index(0)}), Core_id(1));
    registry_.settle({Vm_id(1), Vcpu_index(0)}, Core_id(2));
    EXPECT_EQ(registry_.home({Vm_id(1), Vcpu_index(0)}), Core_id(2));
    end_crossing(3);
    run();
    EXPECT_EQ(*home(2, Vm_id(1), 0), Core_id(2));
}

} // namespace
} // namespace ovm::test
