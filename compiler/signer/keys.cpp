#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "envelope.hpp"
#include "loader/format.hpp"
#include "problem.hpp"
#include "signer.hpp"

namespace ovm::compiler::signer
{
namespace
{

constexpr std::string_view public_word = "ovm-public-key ";
constexpr std::string_view private_word = "ovm-private-key ";

std::optional<std::array<std::uint8_t, 32>> digits_behind(std::string_view word, std::string_view text)
{
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    if (!text.starts_with(word))
        return std::nullopt;
    return from_digits(text.substr(word.size()));
}

Bytes with_envelope(const loader::format::Envelope& envelope, Bytes_view body)
{
    Bytes file(sizeof(envelope));
    std::memcpy(file.data(), &envelope, sizeof(envelope));
    file.insert(file.end(), body.begin(), body.end());
    return file;
}

} // namespace

Digest sha256(Bytes_view bytes)
{
    Digest digest{};
    SHA256(bytes.data(), bytes.size(), digest.data());
    return digest;
}

Digest sha256(std::string_view text)
{
    return sha256(Bytes(text.begin(), text.end()));
}

std::string to_digits(Bytes_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto const byte : bytes)
    {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::optional<Digest> from_digits(std::string_view text)
{
    Digest bytes{};
    if (text.size() != 2 * bytes.size())
        return std::nullopt;
    for (std::size_t i = 0; i < bytes.size(); ++i)
    {
        auto const pair = text.substr(2 * i, 2);
        auto const end = pair.data() + pair.size();
        if (std::from_chars(pair.data(), end, bytes[i], 16).ptr != end)
            return std::nullopt;
    }
    return bytes;
}

std::string Public_key::to_text() const
{
    return std::string(public_word) + to_digits(bytes) + "\n";
}

Checked<Public_key> Public_key::from_text(std::string_view text)
{
    auto const bytes = digits_behind(public_word, text);
    if (!bytes)
        return refuse("it is not a public key", "a public key is one line, `ovm-public-key` and 64 hexadecimal digits",
                      "give the file NAME.pub that `ovmc key NAME` wrote");
    return Public_key{*bytes};
}

void Private_key::Deleter::operator()(void* key) const
{
    EVP_PKEY_free(static_cast<EVP_PKEY*>(key));
}

Checked<Private_key> Private_key::from_seed(const Seed& seed)
{
    std::unique_ptr<void, Deleter> key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    Public_key public_key{};
    std::size_t size = public_key.bytes.size();
    if (!key || EVP_PKEY_get_raw_public_key(static_cast<EVP_PKEY*>(key.get()), public_key.bytes.data(), &size) != 1)
        return refuse("libcrypto makes no Ed25519 key", "this build of OpenSSL may be without Ed25519",
                      "install Debian's libssl3");
    return Private_key(seed, std::move(key), public_key);
}

Checked<Private_key> Private_key::generate()
{
    Seed seed{};
    if (RAND_bytes(seed.data(), static_cast<int>(seed.size())) != 1)
        return refuse("there are no random numbers", "a key that can be guessed protects nothing",
                      "try again once the machine has gathered some");
    return from_seed(seed);
}

Checked<Private_key> Private_key::from_text(std::string_view text)
{
    auto const seed = digits_behind(private_word, text);
    if (!seed)
        return refuse("it is not a private key",
                      "a private key is one line, `ovm-private-key` and 64 hexadecimal digits",
                      "give the file NAME.key that `ovmc key NAME` wrote");
    return from_seed(*seed);
}

std::string Private_key::to_text() const
{
    return std::string(private_word) + to_digits(seed_) + "\n";
}

Bytes Private_key::sign(Bytes_view body) const
{
    loader::format::Envelope envelope{.key = public_key_.bytes};
    std::size_t size = envelope.signature.size();
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) != 1 ||
        EVP_DigestSign(context.get(), envelope.signature.data(), &size, body.data(), body.size()) != 1)
        std::abort(); // out of memory; a key that was made signs anything
    return with_envelope(envelope, body);
}

Bytes without_signature(Bytes_view body)
{
    return with_envelope({}, body);
}

Envelope_contents read_envelope(Bytes_view file)
{
    loader::format::Envelope envelope{};
    std::memcpy(&envelope, file.data(), sizeof(envelope));
    auto const body = body_of(file);
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, envelope.key.data(), envelope.key.size()),
        &EVP_PKEY_free);
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    bool const good = key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                      EVP_DigestVerify(context.get(), envelope.signature.data(), envelope.signature.size(), body.data(),
                                       body.size()) == 1;
    // Nobody has the key of zeros, although some signatures by it are good.
    Public_key const signer{envelope.key};
    return {signer, good && signer != Public_key{}};
}

Bytes_view body_of(Bytes_view file)
{
    return file.subspan(sizeof(loader::format::Envelope));
}

} // namespace ovm::compiler::signer
