#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/static_vector.hpp"
#include "base/text.hpp"
#include "loader/format.hpp"
#include "loader/refusal.hpp"
#include "loader/signature/signature_check.hpp"

namespace ovm::loader
{

/// Whose modules this machine takes, and which ones not: the site's keys, as lists of keys change them.
/// Invariant:   no key is both trusted and revoked; what is revoked stays so; the counter never goes back.
/// Concurrency: its owner's.
/// Failure:     a change that is refused changes nothing.
class Key_ring
{
public:
    using Key = Signature_check::Key;

    static constexpr std::size_t most_trusted = 16;
    static constexpr std::size_t most_revoked = format::most_listed;

    enum class Standing : std::uint8_t
    {
        unknown,
        trusted,
        revoked
    };

    /// Requires at most most_trusted.
    explicit Key_ring(std::span<const Key> trusted);

    Standing standing(const Key& key) const;
    /// The module of that name, in that version.
    bool revokes(std::string_view name, std::uint32_t version) const;
    std::uint64_t counter() const { return counter_; }
    std::size_t trusted() const { return trusted_.size(); }
    std::size_t revoked() const { return revoked_.size(); }
    std::size_t revoked_modules() const { return modules_.size(); }

    std::optional<Refusal> add(const Key& key);
    std::optional<Refusal> revoke(const Key& key);
    std::optional<Refusal> revoke(std::string_view name, std::uint32_t version);
    /// Requires that it is higher than the one before.
    void count(std::uint64_t counter);

private:
    struct Revoked_module
    {
        Text<format::most_name> name{};
        std::uint32_t version = 0; ///< and all before
    };

    Static_vector<Key, most_trusted> trusted_{};
    Static_vector<Key, most_revoked> revoked_{};
    Static_vector<Revoked_module, most_revoked> modules_{};
    std::uint64_t counter_ = 0;
};

} // namespace ovm::loader
