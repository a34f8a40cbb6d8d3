#include "edits.hpp"

#include <algorithm>

namespace ovm::compiler
{

std::string Edits::applied_to(std::string_view text) const
{
    std::vector<Insertion> sorted = insertions_;
    std::ranges::sort(sorted, [](const Insertion& one, const Insertion& other)
                      { return one.at != other.at ? one.at < other.at : one.order < other.order; });
    std::string result;
    std::size_t copied = 0;
    for (const Insertion& insertion : sorted)
    {
        result += text.substr(copied, insertion.at - copied);
        result += insertion.text;
        copied = insertion.at;
    }
    result += text.substr(copied);
    return result;
}

} // namespace ovm::compiler
