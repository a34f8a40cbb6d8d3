#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "arch/hosted/vcpu.hpp"
#include "arch/vcpu.hpp"

namespace ovm::test
{

using namespace ovm::arch;
using hosted::Use;
using Kind = Use::Kind;
namespace exit_code = svm::exit_code;
namespace clean = svm::clean;

class Virtual_processor_test : public testing::Test
{
protected:
    Virtual_processor_test()
    {
        hosted::reset(2);
        hosted::forget_hardware();
        for (std::uint32_t core = 0; core < 2; ++core)
            cores_.push_back(make_core(core));
        hosted::become_core(Core_id(0));
    }
    ~Virtual_processor_test() override
    {
        for (auto& processor : all_)
        {
            for (std::uint32_t core = 0; core < 2; ++core)
            {
                hosted::become_core(Core_id(core));
                processor->leave(cores_[core]);
            }
        }
    }

    Virtual_core make_core(std::uint32_t core)
    {
        hosted::become_core(Core_id(core));
        return *Virtual_core::create(Core_id(core), take(Virtual_core::memory_needed));
    }
    Host_physical take(Bytes size)
    {
        auto const at = next_;
        next_ += size;
        return at;
    }
    Virtual_processor& make(std::uint32_t vm = 1)
    {
        all_.push_back(std::make_unique<Virtual_processor>(Vm_id(vm), take(Virtual_processor::memory_needed())));
        return *all_.back();
    }
    const Exit& run(Virtual_processor& processor, std::uint32_t core = 0)
    {
        hosted::become_core(Core_id(core));
        return processor.run(cores_[core]);
    }
    static Use last_entry(std::uint32_t core = 0)
    {
        auto const uses = hosted::uses(Core_id(core));
        auto const found = std::ranges::find(uses.rbegin(), uses.rend(), Kind::enter, &Use::kind);
        EXPECT_NE(found, uses.rend());
        return *found;
    }
    static auto count(Kind kind, std::uint32_t core = 0)
    {
        return std::ranges::count(hosted::uses(Core_id(core)), kind, &Use::kind);
    }

    Host_physical next_{0x100000};
    std::vector<Virtual_core> cores_;
    std::vector<std::unique_ptr<Virtual_processor>> all_;
};

} // namespace ovm::test
