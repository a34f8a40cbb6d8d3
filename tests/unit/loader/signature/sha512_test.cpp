#include <gtest/gtest.h>

#include <string>

#include "loader/signature/sha512.hpp"
#include "loader/signature/signature_fixture.hpp"

namespace ovm::test
{
namespace
{

loader::Sha512::Digest digest_of(std::string_view text, std::size_t piece)
{
    loader::Sha512 hash;
    for (std::size_t at = 0; at < text.size(); at += piece)
        hash.update(Bytes_of_file(text.begin() + at, text.begin() + std::min(text.size(), at + piece)));
    return hash.finish();
}

void expect_digest(std::string_view text, std::string_view digits)
{
    const Bytes_of_file expected = from_digits(digits);
    for (const std::size_t piece : {1, 7, 127, 128, 129, 1 << 20})
        EXPECT_TRUE(std::ranges::equal(digest_of(text, piece), expected)) << text.size() << " by " << piece;
}

} // namespace

// The examples that accompany FIPS 180-4, and its long message.
TEST(Sha512, HashesTheExamplesOfTheStandard)
{
    expect_digest("", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                      "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
    expect_digest("abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                         "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    expect_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                  "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                  "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                  "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
    expect_digest(std::string(1'000'000, 'a'), "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                                               "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

// Around the ends of a block the padding takes one block or two.
TEST(Sha512, DoesNotDependOnHowTheBytesCome)
{
    for (std::size_t size = 0; size <= 300; ++size)
    {
        const std::string text(size, 'x');
        const auto whole = digest_of(text, 1024);
        EXPECT_EQ(digest_of(text, 1), whole) << size;
        EXPECT_EQ(digest_of(text, 100), whole) << size;
    }
}

} // namespace ovm::test
