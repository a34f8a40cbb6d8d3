#pragma once

#include "loader/module_builder.hpp"

namespace ovm::test
{

/// A module with one halt policy that always answers its parameter `window`, in machine code.
class Halt_module : public Module_builder
{
public:
    static constexpr std::uint32_t construct_at = 16;
    static constexpr std::uint32_t poll_at = 48;
    static constexpr std::uint32_t rest_at = 64;

    explicit Halt_module(std::string_view name = "constant", std::uint32_t version = 1,
                         std::string_view policy_name = "constant")
        : Module_builder(name, version)
    {
        // Before the constructor there is room for what a sanitizer looks at before it calls one.
        text.assign(80, 0xcc);
        put(construct_at, {0x48, 0x8d, 0x05, 0xf9, 0x0f, 0, 0, // lea functions(%rip),%rax: 4096 + 16
                           0x48, 0x89, 0x07,                   // mov %rax,(%rdi)
                           0x48, 0x8b, 0x06,                   // mov (%rsi),%rax
                           0x48, 0x89, 0x47, 0x08,             // mov %rax,8(%rdi)
                           0x48, 0x89, 0xf8,                   // mov %rdi,%rax
                           0xba, 1,    0,    0,    0,          // mov $1,%edx
                           0xc3});
        put(poll_at, {0x48, 0x8b, 0x47, 0x08, // mov 8(%rdi),%rax
                      0xba, 1, 0, 0, 0,       // mov $1,%edx
                      0xc3});
        put(rest_at, {0xb8, 0, 1, 0, 0, // mov $0x100,%eax
                      0xc3});
        policy(policy_name, 2, construct_at, 16).parameter("window", 0, version, 1'000'000);
        relocate(16, poll_at).relocate(24, rest_at).relocate(32, rest_at).relocate(40, rest_at);
    }
    void put(std::size_t at, std::initializer_list<std::uint8_t> code)
    {
        std::ranges::copy(code, text.begin() + static_cast<std::ptrdiff_t>(at));
    }
};

} // namespace ovm::test
