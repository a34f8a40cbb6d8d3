#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loader/format.hpp"
#include "loader/module_image.hpp"

namespace ovm::test
{

using Code = std::vector<std::uint8_t>;

/// Makes a module's file by hand, well formed unless a test says otherwise.
class Module_builder
{
public:
    Code text{0xc3};
    Code constants = Code(64);
    std::vector<loader::format::Relocation> relocations{};
    std::vector<loader::format::Import> imports{};
    std::vector<loader::format::Policy> policies{};
    std::vector<loader::format::Parameter> parameters{};
    std::string strings{};
    std::string notes = "made by hand";
    loader::format::Header header{};

    explicit Module_builder(std::string_view name = "lottery", std::uint32_t version = 1)
    {
        header.magic = loader::format::magic;
        header.version = version;
        header.name = string(name);
        header.stack = 512;
    }

    loader::format::String string(std::string_view text)
    {
        loader::format::String const placed{static_cast<std::uint32_t>(strings.size()),
                                            static_cast<std::uint32_t>(text.size())};
        strings += text;
        return placed;
    }
    Module_builder& policy(std::string_view name, std::uint32_t family = 2, std::uint32_t construct = 0,
                           std::uint32_t size = 64)
    {
        policies.push_back({.family = family,
                            .interface = interface,
                            .name = string(name),
                            .meaning = string("for tests"),
                            .construct = construct,
                            .size = size,
                            .alignment = 8,
                            .first_parameter = static_cast<std::uint32_t>(parameters.size()),
                            .parameters = 0});
        return *this;
    }
    /// Of the last policy.
    Module_builder& parameter(std::string_view name, std::uint64_t least, std::uint64_t initial, std::uint64_t most,
                              std::uint32_t unit = 0)
    {
        parameters.push_back({.initial = initial,
                              .least = least,
                              .most = most,
                              .name = string(name),
                              .meaning = string("a number"),
                              .unit = unit});
        ++policies.back().parameters;
        return *this;
    }
    Module_builder& relocate(std::uint32_t at, std::uint64_t target)
    {
        relocations.push_back({at});
        for (std::uint32_t i = 0; i < 8; ++i)
            constants.at(at + i) = static_cast<std::uint8_t>(target >> (8 * i));
        return *this;
    }
    Module_builder& import(std::uint32_t at, std::string_view name)
    {
        imports.push_back({at, string(name)});
        return *this;
    }
    std::uint64_t constants_at() const { return (text.size() + 4095) / 4096 * 4096; }

    /// What each policy says of its family's interface.
    loader::format::Digest interface{1, 2, 3};

    /// The file; `tweak` may change the header once sections have their places.
    Code build(const std::function<void(loader::format::Header&)>& tweak = {}) const
    {
        Code body(sizeof(loader::format::Header));
        auto const place = [&body](std::span<const std::uint8_t> bytes) -> loader::format::Section
        {
            body.resize((body.size() + 7) / 8 * 8);
            loader::format::Section const section{static_cast<std::uint32_t>(body.size()),
                                                  static_cast<std::uint32_t>(bytes.size())};
            body.insert(body.end(), bytes.begin(), bytes.end());
            return section;
        };
        auto const records = [&place](const auto& list) { return place(bytes_of(list)); };
        auto made = header;
        made.text = place(text);
        made.constants = place(constants);
        made.relocations = records(relocations);
        made.imports = records(imports);
        made.policies = records(policies);
        made.parameters = records(parameters);
        made.strings = records(strings);
        made.notes = records(notes);
        made.size = static_cast<std::uint32_t>(body.size());
        if (tweak)
            tweak(made);
        auto const header_bytes = bytes_of(std::span(&made, 1));
        std::ranges::copy(header_bytes, body.begin());
        Code file(sizeof(loader::format::Envelope));
        file.insert(file.end(), body.begin(), body.end());
        return file;
    }

private:
    template <typename List>
    static std::span<const std::uint8_t> bytes_of(const List& list)
    {
        return {reinterpret_cast<const std::uint8_t*>(std::data(list)), std::size(list) * sizeof(*std::data(list))};
    }
};

} // namespace ovm::test
