#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/contract.hpp"
#include "base/result.hpp"

namespace ovm
{

/// Up to N values in place; N is the capacity, not the size. Order is kept.
template <typename T, std::size_t N>
class Static_vector
{
public:
    constexpr std::size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    static constexpr std::size_t capacity() { return N; }

    /// Error::full when there is no place left.
    constexpr Result<> push_back(T value)
    {
        if (size_ == N)
            return Error::full;
        items_[size_] = std::move(value);
        ++size_;
        return {};
    }

    /// Puts `value` before `index` (<= size).
    constexpr Result<> insert(std::size_t index, T value)
    {
        OVM_REQUIRES_THAT(index <= size_);
        if (size_ == N)
            return Error::full;
        for (std::size_t i = size_; i > index; --i)
            items_[i] = std::move(items_[i - 1]);
        items_[index] = std::move(value);
        ++size_;
        return {};
    }

    constexpr void erase(std::size_t index)
    {
        OVM_REQUIRES_THAT(index < size_);
        for (std::size_t i = index + 1; i < size_; ++i)
            items_[i - 1] = std::move(items_[i]);
        --size_;
    }

    constexpr void pop_back()
    {
        OVM_REQUIRES_THAT(size_ > 0);
        --size_;
    }

    constexpr void clear() { size_ = 0; }

    constexpr T& operator[](std::size_t index)
    {
        OVM_REQUIRES_THAT(index < size_);
        return items_[index];
    }
    constexpr const T& operator[](std::size_t index) const
    {
        OVM_REQUIRES_THAT(index < size_);
        return items_[index];
    }

    constexpr T& back() { return (*this)[size_ - 1]; }
    constexpr std::span<T> items() { return std::span<T>(items_).first(size_); }
    constexpr std::span<const T> items() const { return std::span<const T>(items_).first(size_); }
    constexpr auto begin() { return items().begin(); }
    constexpr auto end() { return items().end(); }
    constexpr auto begin() const { return items().begin(); }
    constexpr auto end() const { return items().end(); }

private:
    std::array<T, N> items_{};
    std::size_t size_ = 0;
};

} // namespace ovm
