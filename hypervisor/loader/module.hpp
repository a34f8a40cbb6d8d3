#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/static_vector.hpp"
#include "base/text.hpp"
#include "loader/module_block.hpp"
#include "loader/module_factory.hpp"
#include "loader/module_image.hpp"
#include "memory/frame_policy.hpp"
#include "memory/population.hpp"
#include "processor/halt.hpp"
#include "processor/placement.hpp"
#include "processor/scheduler.hpp"

namespace ovm::loader
{

/// A module that has its place: its code can be called, and its factories can be offered to adaptors.
/// Concurrency: the core where swaps run; the factories' make() there, their quarantine() on any.
/// Lifetime:    until no adaptor knows a factory of it, its policies are in no slot, and then two epochs have passed;
///              before it ends its place is unmapped on all cores. Does not move.
class Module final : private Module_owner
{
public:
    /// Of an image that has passed all checks, whose content is linked in `block` for that place; behind text and
    /// constants, from `strings_at` on, there are its strings.
    /// `signer` is the key that its signature is good by.
    Module(const Module_image& image, Module_block block, std::size_t place, std::size_t strings_at,
           const format::Digest& signer);
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    std::string_view name() const override { return name_.view(); }
    std::uint32_t version() const { return version_; }
    std::uint32_t stack() const { return stack_; }
    std::uint32_t obligations() const { return obligations_; }
    Bytes text() const { return text_; }
    Bytes size() const { return size_; }
    std::size_t place() const { return place_; }
    Host_physical frame() const { return block_.frame(); }

    std::size_t policies() const { return policies_.size(); }
    const Provided_policy& policy(std::size_t index) const { return policies_[index]; }
    const object::Any_factory& factory(std::size_t index) const;
    const format::Digest& signer() const { return signer_; }
    bool in_quarantine() const { return quarantine_.load(std::memory_order_acquire); }
    bool is_revoked() const { return revoked_.load(std::memory_order_acquire); }
    /// It makes no more policies, for good.
    void revoke() { revoked_.store(true, std::memory_order_release); }

private:
    using Factory = std::variant<std::monostate, Module_factory<processor::Scheduler>, Module_factory<processor::Halt>,
                                 Module_factory<memory::Population>, Module_factory<processor::Placement>,
                                 Module_factory<memory::Frame_policy>>;

    bool may_make() const override { return !in_quarantine() && !is_revoked(); }
    void put_in_quarantine() const override { quarantine_.store(true, std::memory_order_release); }
    Range<Host_virtual> code() const override { return {arch::module_place(place_), text_}; }
    Range<Host_virtual> constants() const override
    {
        return {arch::module_place(place_) + code_pages_, size_ - code_pages_};
    }
    std::string_view string(format::String string) const;
    void add(const Module_image& image, const format::Policy& policy);

    Module_block block_;
    std::size_t place_;
    std::size_t strings_at_;
    format::Digest signer_;
    Text<format::most_name> name_;
    std::uint32_t version_;
    std::uint32_t stack_;
    std::uint32_t obligations_;
    Bytes text_;
    Bytes code_pages_;
    Bytes size_;
    mutable std::atomic<bool> quarantine_{false};
    std::atomic<bool> revoked_{false};
    Static_vector<Provided_policy, format::most_policies> policies_{};
    std::array<Factory, format::most_policies> factories_{};
};

} // namespace ovm::loader
