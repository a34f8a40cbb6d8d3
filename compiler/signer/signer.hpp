#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The signer: makes `.omod` files of linked modules and reads them, makes keys and lists of keys. The formats are
/// those of hypervisor/loader/format.hpp; README.md says what a linked module has to look like. The same input gives
/// the same bytes. Nothing here keeps state or touches files.
namespace ovm::compiler::signer
{

/// What is wrong, why that matters, and how to mend it.
struct Problem
{
    std::string what{};
    std::string why{};
    std::string mend{};
};

template <typename T>
using Checked = std::expected<T, Problem>;

using Bytes = std::vector<std::uint8_t>;
using Bytes_view = std::span<const std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;

Digest sha256(Bytes_view bytes);
Digest sha256(std::string_view text);
std::string to_digits(Bytes_view bytes);
/// Of 32 bytes: nothing else has so many digits.
std::optional<Digest> from_digits(std::string_view text);

/// An Ed25519 key that signatures are checked with.
struct Public_key
{
    std::array<std::uint8_t, 32> bytes{};

    /// `ovm-public-key DIGITS`, on a line.
    std::string to_text() const;
    static Checked<Public_key> from_text(std::string_view text);
    auto operator<=>(const Public_key&) const = default;
};

/// An Ed25519 key that signs.
class Private_key
{
public:
    using Seed = std::array<std::uint8_t, 32>;

    static Checked<Private_key> generate();
    static Checked<Private_key> from_seed(const Seed& seed);
    static Checked<Private_key> from_text(std::string_view text);
    /// `ovm-private-key DIGITS`, on a line.
    std::string to_text() const;
    const Public_key& public_key() const { return public_key_; }
    /// An envelope and the body.
    Bytes sign(Bytes_view body) const;

private:
    struct Deleter
    {
        void operator()(void* key) const;
    };

    Private_key(const Seed& seed, std::unique_ptr<void, Deleter> key, const Public_key& public_key)
        : seed_(seed), key_(std::move(key)), public_key_(public_key)
    {
    }

    Seed seed_;
    std::unique_ptr<void, Deleter> key_; ///< an EVP_PKEY
    Public_key public_key_;
};

/// A body behind an envelope that is nobody's: no loader takes it.
Bytes without_signature(Bytes_view body);
/// The body of a file. Requires that read_module() reads it.
Bytes_view body_of(Bytes_view file);

/// What a module says of itself, beside what stands in its code.
struct Statement
{
    std::string name{};
    std::uint32_t version = 0;
    std::uint32_t obligations = 0;
    Digest compiler{};
    Digest proof{};
    std::string notes{};
    std::map<std::uint32_t, Digest> interfaces{}; ///< by family
};

/// The body of a module's file, to be signed, from the linked ELF.
Checked<Bytes> make_module(Bytes_view elf, const Statement& statement);

struct Described_parameter
{
    std::string name{};
    std::string meaning{};
    std::uint32_t unit = 0;
    std::uint64_t initial = 0;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
};

struct Described_policy
{
    std::uint32_t family = 0;
    Digest interface{};
    std::string name{};
    std::string meaning{};
    std::uint32_t construct = 0;
    std::uint32_t size = 0;
    std::uint32_t alignment = 0;
    std::vector<Described_parameter> parameters{};
};

/// What stands in a module's file.
struct Contents
{
    Public_key key{};
    bool signature_good = false; ///< by that key, whose it may be
    bool is_signed() const { return key != Public_key{}; }
    std::string name{};
    std::uint32_t version = 0;
    std::uint32_t stack = 0;
    std::uint32_t obligations = 0;
    Digest compiler{};
    Digest proof{};
    std::uint32_t text = 0;      ///< bytes
    std::uint32_t constants = 0; ///< bytes
    std::uint32_t relocations = 0;
    std::vector<std::string> imports{};
    std::vector<Described_policy> policies{};
    std::string notes{};
};

Checked<Contents> read_module(Bytes_view file);
std::string to_text(const Contents& contents);
std::string to_json(const Contents& contents);

struct Named_version
{
    std::string name{};
    std::uint32_t version = 0;
};

struct Key_changes
{
    std::uint64_t counter = 0;
    std::vector<Public_key> added{};
    std::vector<Public_key> revoked{};
    std::vector<Named_version> modules{};
};

/// The body of a list of keys, to be signed.
Checked<Bytes> make_key_list(const Key_changes& changes);

/// What stands in a file with a list of keys.
struct Key_list_contents
{
    Public_key key{};
    bool signature_good = false; ///< by that key, whose it may be
    Key_changes changes{};
};

/// Whether a file begins as a list of keys does.
bool is_key_list(Bytes_view file);
Checked<Key_list_contents> read_key_list(Bytes_view file);
std::string to_text(const Key_list_contents& contents);
std::string to_json(const Key_list_contents& contents);

} // namespace ovm::compiler::signer
