#include "keys.hpp"

namespace ovm::compiler
{

Done<signer::Private_key> read_private_key(const Path& file)
{
    OVM_GET(text, read_file(file));
    auto key = signer::Private_key::from_text(text);
    if (!key)
        return fail(Exit::failed, file, key.error());
    return std::move(*key);
}

Done<signer::Public_key> read_public_key(const Path& file)
{
    OVM_GET(text, read_file(file));
    auto const key = signer::Public_key::from_text(text);
    if (!key)
        return fail(Exit::failed, file, key.error());
    return *key;
}

} // namespace ovm::compiler
