#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ovm::compiler
{

/// What is to be inserted into a text. Pairs that enclose something are given from the outside inwards.
class Edits final
{
public:
    /// `before` at one place and `after` at a later one. Pairs given earlier enclose those given later.
    void enclose(std::size_t begin, std::string before, std::size_t end, std::string after)
    {
        if (begin == end)
        {
            before += after; // Nothing is enclosed, so nothing may come between.
            after.clear();
        }
        insertions_.push_back({begin, static_cast<long>(insertions_.size()), std::move(before)});
        insertions_.push_back({end, -static_cast<long>(insertions_.size()), std::move(after)});
    }

    [[nodiscard]] bool empty() const { return insertions_.empty(); }
    [[nodiscard]] std::string applied_to(std::string_view text) const;

private:
    struct Insertion
    {
        std::size_t at;
        long order; ///< what ends comes before what begins, what ends first before what ends later
        std::string text;
    };
    std::vector<Insertion> insertions_;
};

} // namespace ovm::compiler
