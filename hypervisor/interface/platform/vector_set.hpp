#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

namespace ovm::interface
{

/// 256 interrupt vectors, as the registers IRR, ISR and TMR hold them (APM volume 2, 16.6.3).
/// Concurrency: every operation is atomic by itself; any core may add, the owner takes.
class Vector_set
{
public:
    /// True when the vector was not in the set before.
    bool insert(std::uint8_t vector)
    {
        auto const flag = bit_of(vector);
        return (words_[vector >> 6].fetch_or(flag) & flag) == 0;
    }
    void erase(std::uint8_t vector) { words_[vector >> 6].fetch_and(~bit_of(vector)); }
    bool contains(std::uint8_t vector) const { return word(vector >> 6) & bit_of(vector); }

    bool empty() const { return (word(0) | word(1) | word(2) | word(3)) == 0; }

    /// The vector of highest priority.
    std::optional<std::uint8_t> highest() const
    {
        for (unsigned i = 4; i-- > 0;)
        {
            if (auto const vectors = word(i))
                return static_cast<std::uint8_t>(i * 64 + 63 - static_cast<unsigned>(std::countl_zero(vectors)));
        }
        return {};
    }

    /// The 32 vectors from 32 * index on; index < 8.
    std::uint32_t part(unsigned index) const
    {
        return static_cast<std::uint32_t>(word((index >> 1) & 3) >> (32 * (index & 1)));
    }

    void clear()
    {
        for (auto& vectors : words_)
            vectors.store(0);
    }

private:
    static std::uint64_t bit_of(std::uint8_t vector) { return std::uint64_t{1} << (vector & 63); }
    std::uint64_t word(unsigned index) const { return words_[index].load(std::memory_order_acquire); }

    std::array<std::atomic<std::uint64_t>, 4> words_{};
};

} // namespace ovm::interface
