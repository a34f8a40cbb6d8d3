#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "loader/format.hpp"
#include "loader/key_ring.hpp"
#include "loader/module_builder.hpp"
#include "loader/signing.hpp"

namespace ovm::test
{

/// Some key, another one for each number.
inline loader::Key_ring::Key key_of(std::uint8_t number)
{
    loader::Key_ring::Key key{};
    key.fill(number);
    return key;
}

/// A list of keys, signed by test_key, with whatever a test puts into it.
class Key_list_builder
{
public:
    explicit Key_list_builder(std::uint64_t counter)
    {
        header.magic = loader::format::key_list_magic;
        header.counter = counter;
    }

    Key_list_builder& add(const loader::Key_ring::Key& key)
    {
        ++header.added;
        added.insert(added.end(), key.begin(), key.end());
        return *this;
    }
    Key_list_builder& revoke(const loader::Key_ring::Key& key)
    {
        ++header.revoked;
        revoked.insert(revoked.end(), key.begin(), key.end());
        return *this;
    }
    Key_list_builder& revoke(std::string_view name, std::uint32_t version)
    {
        ++header.modules;
        loader::format::Revoked_module module{.version = version};
        name.copy(module.name.data(), module.name.size());
        append(modules, module);
        return *this;
    }

    /// What is signed.
    Code body() const
    {
        auto all = header;
        Code result;
        if (all.size == 0)
            all.size = static_cast<std::uint32_t>(sizeof(all) + added.size() + revoked.size() + modules.size());
        append(result, all);
        for (auto const* const part : {&added, &revoked, &modules})
            result.insert(result.end(), part->begin(), part->end());
        return result;
    }
    Code build() const
    {
        Code file(sizeof(loader::format::Envelope));
        auto const rest = body();
        file.insert(file.end(), rest.begin(), rest.end());
        sign(file);
        return file;
    }

    loader::format::Key_list header{};
    Code added{};
    Code revoked{};
    Code modules{};

private:
    template <typename Record>
    static void append(Code& to, const Record& record)
    {
        auto const at = to.size();
        to.resize(at + sizeof(record));
        std::memcpy(to.data() + at, &record, sizeof(record));
    }
};

} // namespace ovm::test
