#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "base/bytes.hpp"
#include "interface/boot/copies.hpp"
#include "interface/boot/entry_state.hpp"
#include "memory/frames.hpp"
#include "memory/guest_memory.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"

namespace ovm::interface::test
{

/// A guest's memory on the hosted machine, given page by page as it is touched.
class Guest : public testing::Test
{
protected:
    Guest()
    {
        arch::hosted::reset();
        EXPECT_TRUE(
            pool_.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{63 << 20}}}));
        with_memory(32);
    }

    void with_memory(std::uint64_t mebibytes)
    {
        memory_.reset();
        memory_.emplace(frames_, Node_id{0}, Bytes{mebibytes << 20}, population_);
        EXPECT_TRUE(memory_->open());
    }

    /// What `loader` loads with these arguments, copied in slices that cut across everything.
    template <typename... Arguments>
    std::expected<Entry_state, Load_error> load_all(std::expected<Entry_state, Load_error> (*loader)(Copies&,
                                                                                                     Arguments...),
                                                    std::type_identity_t<Arguments>... arguments)
    {
        Copies copies(*memory_);
        auto entry = loader(copies, arguments...);
        while (entry)
        {
            auto const done = copies.copy_some(Bytes{1009});
            EXPECT_TRUE(done.has_value());
            if (!done || *done)
                break;
        }
        return entry;
    }

    std::uint64_t load(std::uint64_t at, unsigned size)
    {
        auto const value = memory_->load(Guest_physical{at}, size);
        EXPECT_TRUE(value.has_value()) << std::hex << at;
        return value.value_or(0);
    }

    std::vector<std::uint8_t> read(std::uint64_t at, std::size_t size)
    {
        std::vector<std::uint8_t> bytes(size);
        EXPECT_TRUE(memory_->read(Guest_physical{at}, bytes)) << std::hex << at;
        return bytes;
    }

    /// Up to its zero byte.
    std::string text(std::uint64_t at)
    {
        std::string result;
        while (auto const character = static_cast<char>(load(at++, 1)))
            result += character;
        return result;
    }

    memory::Frame_pool pool_;
    policy::First_touch_allocator frames_{pool_};
    policy::Lazy_population population_;
    std::optional<memory::Guest_memory> memory_;
};

/// A generator that gives the same numbers each time.
class Seeded
{
public:
    explicit Seeded(std::uint64_t seed) : state_(seed) {}
    std::uint64_t below(std::uint64_t limit)
    {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return (state_ >> 33) % limit;
    }

private:
    std::uint64_t state_;
};

/// Bytes of a format under construction.
class Image
{
public:
    Image& number(unsigned width, std::uint64_t value)
    {
        for (unsigned i = 0; i < width; ++i)
            bytes.push_back(static_cast<std::uint8_t>(i < 8 ? value >> (8 * i) : 0));
        return *this;
    }
    Image& text(std::string_view value)
    {
        bytes.insert(bytes.end(), value.begin(), value.end());
        return *this;
    }
    Image& pad(std::size_t to)
    {
        bytes.resize(to);
        return *this;
    }
    void set(std::size_t at, unsigned width, std::uint64_t value) { put_little_endian(bytes, at, width, value); }

    std::vector<std::uint8_t> bytes;
};

/// `content` alone on the heap, so that one byte read beyond its end is noticed.
inline std::vector<std::uint8_t> exact(std::span<const std::uint8_t> content)
{
    return {content.begin(), content.end()};
}

} // namespace ovm::interface::test
