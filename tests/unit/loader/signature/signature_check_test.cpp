#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

#include "loader/signature/rfc8032.hpp"
#include "loader/signature/signature_fixture.hpp"

namespace ovm::test
{
namespace
{

using Evp_key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
using Evp_context = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* context) { EVP_MD_CTX_free(context); })>;

/// OpenSSL's word on the same.
bool openssl_says_good(const Bytes_of_file& key, const Bytes_of_file& signature, const Bytes_of_file& message)
{
    const Evp_key public_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    const Evp_context context(EVP_MD_CTX_new());
    return public_key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

/// A key pair and what it signs.
class Signing_key
{
public:
    explicit Signing_key(std::mt19937_64& random)
    {
        Bytes_of_file seed(32);
        std::ranges::generate(seed, std::ref(random));
        key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    }

    Bytes_of_file public_key() const
    {
        Bytes_of_file bytes(32);
        std::size_t size = bytes.size();
        EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size);
        return bytes;
    }

    Bytes_of_file sign(const Bytes_of_file& message) const
    {
        Bytes_of_file bytes(64);
        std::size_t size = bytes.size();
        const Evp_context context(EVP_MD_CTX_new());
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
        EVP_DigestSign(context.get(), bytes.data(), &size, message.data(), message.size());
        return bytes;
    }

private:
    Evp_key key_;
};

Bytes_of_file with_bit_flipped(Bytes_of_file bytes, std::size_t bit)
{
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    return bytes;
}

} // namespace

TEST(Signature, AcceptsTheVectorsOfTheStandard)
{
    for (const Vector& vector : rfc8032)
    {
        SCOPED_TRACE(vector.name);
        const Bytes_of_file key = from_digits(vector.key);
        const Bytes_of_file message = from_digits(vector.message);
        const Bytes_of_file signature = from_digits(vector.signature);
        EXPECT_TRUE(is_good(key, signature, message));
        Bytes_of_file longer = message;
        longer.push_back(0);
        EXPECT_FALSE(is_good(key, signature, longer));
    }
}

TEST(Signature, RefusesEveryFlippedBit)
{
    const Bytes_of_file key = from_digits(rfc8032[2].key);
    const Bytes_of_file message = from_digits(rfc8032[2].message);
    const Bytes_of_file signature = from_digits(rfc8032[2].signature);
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit)
        EXPECT_FALSE(is_good(key, with_bit_flipped(signature, bit), message)) << "signature, bit " << bit;
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit)
        EXPECT_FALSE(is_good(key, signature, with_bit_flipped(message, bit))) << "message, bit " << bit;
    for (std::size_t bit = 0; bit < key.size() * 8; ++bit)
        EXPECT_FALSE(is_good(with_bit_flipped(key, bit), signature, message)) << "key, bit " << bit;
}

// With such a key, or with such an R and S = 0, a signature may be good for any message.
TEST(Signature, RefusesPointsOfSmallOrderAndNonCanonicalOnes)
{
    constexpr std::array points{
        "0000000000000000000000000000000000000000000000000000000000000000", // order 4
        "0000000000000000000000000000000000000000000000000000000000000080", // order 4
        "0100000000000000000000000000000000000000000000000000000000000000", // the neutral one
        "0100000000000000000000000000000000000000000000000000000000000080", // -0
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", // order 8
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", // order 8
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", // order 2, -0
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 3: 3 is on the curve
    };
    const Bytes_of_file zero(32);
    const Bytes_of_file good_key = from_digits(rfc8032[0].key);
    for (const std::string_view digits : points)
    {
        SCOPED_TRACE(digits);
        const Bytes_of_file point = from_digits(digits);
        Bytes_of_file signature = point;
        signature.insert(signature.end(), zero.begin(), zero.end());
        for (std::uint8_t message = 0; message < 8; ++message)
        {
            EXPECT_FALSE(is_good(point, signature, Bytes_of_file{message}));
            EXPECT_FALSE(is_good(good_key, signature, Bytes_of_file{message}));
        }
    }
}

TEST(Signature, RefusesAResponseThatIsNotReduced)
{
    const Bytes_of_file order = from_digits("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    for (const Vector& vector : rfc8032)
    {
        Bytes_of_file signature = from_digits(vector.signature);
        unsigned carry = 0;
        for (std::size_t i = 0; i < order.size(); ++i)
        {
            carry += signature[32 + i] + order[i];
            signature[32 + i] = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        EXPECT_FALSE(is_good(from_digits(vector.key), signature, from_digits(vector.message)));
    }
}

TEST(Signature, SaysWhatOpensslSays)
{
    std::mt19937_64 random(1);
    for (int round = 0; round < 100; ++round)
    {
        SCOPED_TRACE(round);
        const Signing_key key(random);
        Bytes_of_file message(random() % 1000);
        std::ranges::generate(message, std::ref(random));
        const Bytes_of_file signature = key.sign(message);
        EXPECT_TRUE(is_good(key.public_key(), signature, message));
        const Bytes_of_file other_signature = with_bit_flipped(signature, random() % 512);
        const Bytes_of_file other_key = with_bit_flipped(key.public_key(), random() % 256);
        EXPECT_EQ(is_good(key.public_key(), other_signature, message),
                  openssl_says_good(key.public_key(), other_signature, message));
        EXPECT_EQ(is_good(other_key, signature, message), openssl_says_good(other_key, signature, message));
    }
}

/// The folder of Wycheproof's vectors, where a machine has them: there is no such test elsewhere.
std::vector<std::filesystem::path> vector_files()
{
    const char* const given = std::getenv("OVM_VECTORS");
    const std::filesystem::path folder = given != nullptr
                                             ? std::filesystem::path(given)
                                             : std::filesystem::path(OVM_SOURCE).parent_path() / "shared" / "vectors";
    std::vector files{folder / "ed25519_test.json"};
    std::erase_if(files, [](const std::filesystem::path& file) { return !std::filesystem::exists(file); });
    return files;
}

class Signature_vectors : public testing::TestWithParam<std::filesystem::path>
{
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Signature_vectors);
INSTANTIATE_TEST_SUITE_P(Wycheproof, Signature_vectors, testing::ValuesIn(vector_files()));

TEST_P(Signature_vectors, Agree)
{
    std::ifstream file(GetParam());
    ASSERT_TRUE(file) << GetParam();
    int cases = 0;
    for (const auto& group : nlohmann::json::parse(file).at("testGroups"))
    {
        const Bytes_of_file key = from_digits(group.at("publicKey").at("pk").get<std::string>());
        for (const auto& test : group.at("tests"))
        {
            const bool good = is_good(key, from_digits(test.at("sig").get<std::string>()),
                                      from_digits(test.at("msg").get<std::string>()));
            EXPECT_EQ(good, test.at("result") == "valid") << test.at("tcId") << ": " << test.at("comment");
            ++cases;
        }
    }
    EXPECT_GE(cases, 150);
}

} // namespace ovm::test
