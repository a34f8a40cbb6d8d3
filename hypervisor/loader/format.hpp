#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The format of a module, `NAME.omod`, which the compiler's signer writes and the loader reads: the one header that
/// both share. Numbers are little-endian. All that stands in a file is checked before it is used; what is said here
/// is what has to hold (docs/decisions/0030-a-flat-module-format.md).
///
///     Envelope                signature, and whose
///     Header                  what follows is what was signed
///     text, constants, relocations, imports, policies, parameters, strings, notes
namespace ovm::loader::format
{

using Digest = std::array<std::uint8_t, 32>;

/// Ed25519 (RFC 8032) over every byte behind it.
struct Envelope
{
    std::array<std::uint8_t, 64> signature{};
    std::array<std::uint8_t, 32> key{}; ///< the public key that it claims to be signed with
};

inline constexpr std::array<std::uint8_t, 8> magic{'O', 'V', 'M', 'M', 'O', 'D', '1', '\n'};

/// Bytes of an address, where the constants hold one.
inline constexpr std::uint32_t address_size = 8;

/// Bytes of the signed part, from its beginning.
struct Section
{
    std::uint32_t offset = 0;
    std::uint32_t size = 0;

    constexpr std::uint64_t end() const { return std::uint64_t{offset} + size; }
};

/// Text among the strings.
struct String
{
    std::uint32_t offset = 0; ///< in the section `strings`
    std::uint32_t size = 0;
};

/// In memory a module is its text, from a page's beginning, then its constants, from the next page's. Addresses in
/// the file count from the text's beginning.
struct Header
{
    std::array<std::uint8_t, 8> magic{};
    std::uint32_t size = 0; ///< of the signed part
    std::uint32_t version = 0;
    String name{};
    std::uint32_t stack = 0;       ///< bytes that a call of it needs at most, with all that it calls
    std::uint32_t obligations = 0; ///< all of which were proved
    Digest compiler{};             ///< identity of the tools that made it
    Digest proof{};                ///< over its obligations, their verdicts, and the tools' versions
    Section text{};                ///< code; placed read-execute
    Section constants{};           ///< placed read-only, once relocated; a module has no other data
    Section relocations{};         ///< of Relocation
    Section imports{};             ///< of Import
    Section policies{};            ///< of Policy
    Section parameters{};          ///< of Parameter
    Section strings{};             ///< UTF-8, without ends
    Section notes{};               ///< for people: tools' versions. The loader does not look at it
};

/// An address of the module in its constants: the module's place is added to the 64 bits there. It leads into the text,
/// into the constants or to their end. In ascending order.
struct Relocation
{
    std::uint32_t at = 0; ///< from the beginning of the constants, a multiple of 8
};

/// Eight bytes of the constants that get the address of what the hypervisor exports under that name. In ascending
/// order, and no relocation's.
struct Import
{
    std::uint32_t at = 0; ///< as Relocation's
    String name{};
};

/// A policy that the module provides.
struct Policy
{
    std::uint32_t family = 0; ///< object::Family_id
    Digest interface{};       ///< hash of the family's interface that it was compiled with
    String name{};
    String meaning{};
    std::uint32_t construct = 0; ///< address of its object::Construct
    std::uint32_t size = 0;      ///< bytes of an object
    std::uint32_t alignment = 0;
    std::uint32_t first_parameter = 0;
    std::uint32_t parameters = 0;
};

/// As object::Parameter.
struct Parameter
{
    std::uint64_t initial = 0;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    String name{};
    String meaning{};
    std::uint32_t unit = 0; ///< object::Unit
    std::uint32_t zero = 0;
};

static_assert(sizeof(Envelope) == 96 && sizeof(Header) == 160 && sizeof(Policy) == 72 && sizeof(Parameter) == 48 &&
              sizeof(Import) == 12);

/// A site's word on keys and modules, `NAME.okeys`: an Envelope, this, the added keys, the revoked ones, and the
/// revoked modules. A list counts only if its counter is higher than that of every list before.
struct Key_list
{
    std::array<std::uint8_t, 8> magic{};
    std::uint32_t size = 0;  ///< of the signed part
    std::uint32_t added = 0; ///< each of 32 bytes
    std::uint64_t counter = 0;
    std::uint32_t revoked = 0; ///< each of 32 bytes: modules signed with them are refused from now on
    std::uint32_t modules = 0; ///< of Revoked_module
};

/// The module of that name, up to that version, is refused from now on.
struct Revoked_module
{
    std::array<char, 32> name{}; ///< filled with zeros
    std::uint32_t version = 0;
    std::uint32_t zero = 0;
};

inline constexpr std::array<std::uint8_t, 8> key_list_magic{'O', 'V', 'M', 'K', 'E', 'Y', '1', '\n'};
inline constexpr std::uint32_t most_listed = 64; ///< of each kind

static_assert(sizeof(Key_list) == 32 && sizeof(Revoked_module) == 40);

/// What the hypervisor exports: memory functions that compilers call by themselves, and what a broken contract calls.
inline constexpr std::array<std::string_view, 5> exports{"memcpy", "memmove", "memset", "memcmp",
                                                         "_ZN3ovm15contract_brokenEPKcS1_S1_i"};

/// What a file may be at most.
inline constexpr std::uint32_t most_bytes = 256 << 10;
inline constexpr std::uint32_t most_stack = 2 << 10;
inline constexpr std::uint32_t most_policies = 8;
inline constexpr std::uint32_t most_name = 31; ///< of a module or policy: a-z 0-9 and `-`
inline constexpr std::uint32_t most_meaning = 120;

} // namespace ovm::loader::format
