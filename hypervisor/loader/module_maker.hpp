#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "arch/module_memory.hpp"
#include "loader/code_scan.hpp"
#include "loader/image_check.hpp"
#include "loader/module.hpp"
#include "loader/module_block.hpp"
#include "loader/relocator.hpp"
#include "object/heap/owned.hpp"

namespace ovm::loader
{

/// What this hypervisor's interface to policies of a family is, as compilers of modules know it.
struct Interface
{
    object::Family_id family{};
    format::Digest hash{};
};

/// Makes a module of a file whose signature is good: checks what it says, scans its code, puts it in memory, fills in
/// its addresses and maps it. Nobody calls it yet; before somebody does, every core renews its place.
/// Concurrency: one at a time, in slices of at most 20,000 instructions.
/// Lifetime:    the file's.
/// Failure:     nothing is left behind.
class Module_maker
{
public:
    enum class Progress : std::uint8_t
    {
        again,
        done,
        refused
    };

    /// For that place, in which nothing is mapped.
    Module_maker(std::span<const std::uint8_t> file, std::span<const Interface> interfaces,
                 memory::Frame_allocator& frames, object::Storage& storage, std::size_t place)
        : file_(file), interfaces_(interfaces), frames_(frames), storage_(storage), place_(place)
    {
    }
    Module_maker(const Module_maker&) = delete;
    Module_maker& operator=(const Module_maker&) = delete;

    Progress step();
    /// Valid from the first step on that was not refused.
    const Module_image& image() const { return image_; }
    Refusal refusal() const { return refusal_; }
    /// Of the code that was refused, from its beginning.
    std::optional<std::uint64_t> refused_at() const { return refused_at_; }
    /// Once, after it is done.
    object::Owned<Module> take() { return std::move(module_); }

private:
    enum class Stage : std::uint8_t
    {
        open,
        image,
        known,
        memory,
        clear,
        scan,
        copy,
        link,
        map,
        done
    };

    static constexpr std::size_t bytes_a_step = 8 << 10; ///< are copied or cleared

    Progress refuse(Refusal why);
    Progress go_on(Stage next);
    Progress after(std::optional<Refusal> refused, bool done, Stage next);
    std::optional<Refusal> check_known() const;
    Progress take_memory();
    Progress clear();
    Progress scan();
    Progress copy();
    Progress link();
    Progress map();
    /// What the module takes of its block: in memory, and behind that its strings.
    std::size_t used() const { return image_.size_in_memory().value() + image_.header().strings.size; }

    std::span<const std::uint8_t> file_;
    std::span<const Interface> interfaces_;
    memory::Frame_allocator& frames_;
    object::Storage& storage_;
    std::size_t place_;
    Stage stage_ = Stage::open;
    Refusal refusal_{};
    std::optional<std::uint64_t> refused_at_{};
    Module_image image_{};
    std::optional<Image_check> check_{};
    std::optional<Code_scan> scan_{};
    std::optional<Relocator> relocator_{};
    Module_block block_{};
    std::size_t done_ = 0; ///< bytes of this stage
    object::Owned<Module> module_{};
};

} // namespace ovm::loader
