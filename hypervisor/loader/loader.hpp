#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.hpp"
#include "loader/exchange.hpp"
#include "loader/key_list.hpp"
#include "loader/key_ring.hpp"
#include "loader/module_maker.hpp"
#include "loader/retirement.hpp"
#include "loader/signature/signature_check.hpp"
#include "object/job/job.hpp"

namespace ovm::loader
{

/// What the loader works for.
class Loader_owner
{
public:
    virtual std::span<object::Adaptor* const> adaptors() const = 0;
    /// A swap that nobody uses, prepared; nothing: all are under way.
    virtual object::Swap* free_swap() = 0;

protected:
    ~Loader_owner() = default;
};

/// Whom and what modules have to fit: keys of signers that the site trusts at first, and this hypervisor's interfaces.
struct Trust
{
    std::span<const Signature_check::Key> keys{};
    std::span<const Interface> interfaces{};
};

/// Brings modules into the running hypervisor, replaces them by newer versions, and takes them away again; and takes
/// lists of keys, by which modules are revoked: one thing at a time, as a job (docs/reference/loader.md).
/// Invariant:   a module's name is there once. A version that was replaced is kept, for roll-back, until the next one
///              replaces it; only one of them is offered to adaptors, or while one replaces the other, both.
/// Concurrency: the core where swaps run.
/// Lifetime:    as long as the machine; so do the bytes that it is given, until it is idle again.
/// Failure:     what cannot be done changes nothing; its outcome tells why.
class Loader final : public object::Job, private object::Swap_observer
{
public:
    static constexpr std::size_t most_modules = 8;
    static_assert(2 * most_modules <= arch::module_places);

    struct Entry
    {
        object::Owned<Module> current{};
        object::Owned<Module> previous{};
    };

    Loader(Loader_owner& owner, memory::Frame_allocator& frames, object::Storage& storage, const Trust& trust,
           Core_id core)
        : owner_(owner), frames_(frames), storage_(storage), interfaces_(trust.interfaces), core_(core),
          ring_(trust.keys)
    {
    }

    /// What came of something.
    struct Outcome
    {
        bool good = false;
        Text<200> said{};
    };
    /// By it one asks for the outcome. From 1.
    using Number = std::uint32_t;

    bool idle() const { return phase_ == Phase::idle; }
    // Requires idle(); it ends some slices later. `file` is what a person calls the bytes.
    Number load(std::string_view file, std::span<const std::uint8_t> bytes);
    Number take_keys(std::string_view file, std::span<const std::uint8_t> bytes);
    Number unload(std::string_view name);
    Number roll_back(std::string_view name);
    /// As take_keys(), at once: while nothing else runs.
    const Outcome& take_keys_now(std::string_view file, std::span<const std::uint8_t> bytes);
    /// Nothing until it ended. Of the last two.
    const Outcome* outcome(Number number) const;
    /// What came of the last one.
    std::string_view said() const { return outcomes_[begun_ % outcomes_.size()].said.view(); }
    const Key_ring& keys() const { return ring_; }

    /// Some of them empty.
    std::span<const Entry> entries() const { return entries_; }
    /// A new adaptor learns of all modules. Error::full: not of all.
    Result<> offer_to(object::Adaptor& adaptor) const;

private:
    enum class Phase : std::uint8_t
    {
        idle,
        signature,
        keys,
        revocation, ///< of what is loaded
        making,
        renewal,
        exchange, ///< from before_ to next_
        retirement
    };

    void begin(Phase phase);
    void begin_file(std::string_view file, std::span<const std::uint8_t> bytes, bool keys);
    Step step() override;
    Step faulted(const arch::Fault& fault) override;
    void swap_ended(const object::Swap& swap) override;

    Step check_signature();
    Step begin_behind_signature();
    Step read_keys();
    Step revoke_loaded();
    Step make();
    Step offer_made();
    Step exchange();
    Step exchanged();
    Step begin_exchange(Module& before, Module& next);
    Step retire();
    Step refuse(Refusal why);
    Step finish();
    /// The module that was made ends.
    void discard_made();
    /// What is to be told of what is under way, which has not been done, unless succeed() says it.
    template <typename... Parts>
    void say(const Parts&... parts)
    {
        std::array<char, 200> storage{};
        Text_writer text(storage);
        text << (keys_ ? "keys " : "module ");
        (text << ... << parts);
        outcomes_[begun_ % outcomes_.size()] = {false, Text<200>(text.view())};
    }
    template <typename... Parts>
    Number fail(const Parts&... parts)
    {
        say(parts...);
        return begun_;
    }
    template <typename... Parts>
    void succeed(const Parts&... parts)
    {
        say(parts...);
        outcomes_[begun_ % outcomes_.size()].good = true;
    }
    Entry* find(std::string_view name);
    std::optional<std::size_t> free_place() const;

    Loader_owner& owner_;
    memory::Frame_allocator& frames_;
    object::Storage& storage_;
    std::span<const Interface> interfaces_;
    Core_id core_;
    Phase phase_ = Phase::idle;
    std::array<Entry, most_modules> entries_{};
    Key_ring ring_;
    Number begun_ = 0;
    std::array<Outcome, 2> outcomes_{}; ///< of number n: n modulo their number
    Text<64> file_{};
    bool keys_ = false; ///< the file is a list of keys
    std::span<const std::uint8_t> bytes_{};
    std::optional<Signature_check> signature_{};
    std::optional<Key_list> list_{};
    std::size_t revoked_ = 0; ///< entries before it have been looked at
    std::optional<Module_maker> maker_{};
    object::Owned<Module> made_{}; ///< until an entry has it
    Renewal renewal_{};
    Entry* entry_ = nullptr; ///< that the exchange is about
    Module* before_ = nullptr;
    Module* next_ = nullptr;
    bool swapping_ = false;
    bool back_ = false; ///< the exchange failed, and what it began is taken back
    Retirement retirement_{};
};

} // namespace ovm::loader
