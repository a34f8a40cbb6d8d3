#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "arch/core_window.hpp"
#include "arch/module_memory.hpp"
#include "arch/raw_bytes.hpp"
#include "base/contract.hpp"
#include "loader/module_code.hpp"
#include "object/adaptor/factory.hpp"
#include "object/collector/allocate.hpp"
#include "object/module/family.hpp"

namespace ovm::loader
{

/// What a policy of a module has in common with its module.
class Module_owner
{
public:
    virtual std::string_view name() const = 0;
    /// Whether it may make policies: it is neither in quarantine nor revoked.
    virtual bool may_make() const = 0;
    virtual void put_in_quarantine() const = 0;
    virtual Range<Host_virtual> code() const = 0;
    virtual Range<Host_virtual> constants() const = 0;

protected:
    ~Module_owner() = default;
};

/// A policy that a module provides. Lifetime: the module's; does not move.
struct Provided_policy
{
    object::Family_id family{};
    std::string_view name{};
    std::string_view meaning{};
    std::uint64_t construct = 0; ///< an object::Construct
    std::uint32_t size = 0;
    std::uint32_t parameters = 0;
    std::array<object::Parameter, object::Parameters::most> parameter_list{};
};

/// The values of a policy's parameters as a module wants them.
class Module_values
{
public:
    explicit Module_values(const object::Parameters& given);
    object::Values values() const { return std::span(values_).first(size_); }

private:
    std::array<std::uint64_t, object::Parameters::most> values_{};
    std::size_t size_;
};

/// A policy that a module made, in a heap of collected objects: its memory lies behind this.
template <typename Family>
class Module_policy final : public object::Policy_object<Family>
{
public:
    static constexpr std::string_view type_name = "module's policy";
    OVM_TRACE_MAP

    void take(Family& policy) { this->hold(policy); }
};

/// Makes policies of a module. The module's constructor is called with the resource at hand whose next policy it makes,
/// so a fault in it costs no more.
/// Invariant: what it gives has its virtual functions among the module's constants.
template <typename Family>
class Module_factory final : public object::Factory<Family>
{
public:
    Module_factory(const Module_owner& module, const Provided_policy& policy)
        : module_(&module), policy_(&policy),
          description_{policy.name, policy.meaning, std::span(policy.parameter_list).first(policy.parameters)}
    {
    }

    const object::Policy_description& description() const override { return description_; }
    std::string_view quarantine() const override
    {
        module_->put_in_quarantine();
        return module_->name();
    }
    bool has_code(std::uint64_t at) const override { return module_->code().contains(Host_virtual(at)); }

    /// Error::denied: the module is in quarantine, or revoked.
    Result<object::Made_policy<Family>> make(object::Quota& quota, const object::Parameters& given) const override
    {
        if (!module_->may_make())
            return Error::denied;
        auto* const heap = arch::core_window().heap;
        OVM_REQUIRES_THAT(heap != nullptr);
        Module_values const values(given);
        auto* const made = OVM_TRY((object::allocate_with_room<Module_policy<Family>>(*heap, quota, policy_->size)));
        auto const room = object::room_of(*made, policy_->size);
        Family* const policy = OVM_TRY(constructor_at<Family>(policy_->construct)(place_in(room), values.values()));
        check(room, address_of(policy));
        made->take(*policy);
        return static_cast<object::Made_policy<Family>>(made);
    }

private:
    /// It lies in the memory that was given for it, and begins with the address of its virtual functions.
    void check(std::span<const std::uint8_t> room, std::uint64_t policy) const
    {
        auto const offset = policy - address_of(room.data());
        OVM_ENSURES(offset % 8 == 0 && offset <= room.size() - 8);
        auto const functions = arch::load_number(room.subspan(offset), 8);
        OVM_ENSURES(functions % 8 == 0 && module_->constants().contains(Host_virtual(functions), Bytes(8)));
    }

    const Module_owner* module_;
    const Provided_policy* policy_;
    object::Policy_description description_;
};

} // namespace ovm::loader

#include "loader/module_factory.generated.hpp"
