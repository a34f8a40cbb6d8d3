#include "glob.hpp"

#include <cstddef>
#include <vector>

namespace ovm::compiler
{

bool glob_matches(std::string_view glob, std::string_view text)
{
    // reached[i]: the part of the glob that was looked at matches the first i characters.
    std::vector<bool> reached(text.size() + 1, false);
    reached[0] = true;
    for (std::size_t at = 0; at < glob.size(); ++at)
    {
        std::vector<bool> next(text.size() + 1, false);
        if (glob[at] == '*')
        {
            const bool everything = at + 1 < glob.size() && glob[at + 1] == '*';
            at += everything ? 1 : 0;
            for (std::size_t i = 0; i <= text.size(); ++i)
            {
                next[i] = reached[i] || (i > 0 && next[i - 1] && (everything || text[i - 1] != ':'));
            }
        }
        else
        {
            for (std::size_t i = 0; i < text.size(); ++i)
            {
                next[i + 1] = reached[i] && text[i] == glob[at];
            }
        }
        reached = std::move(next);
    }
    return reached[text.size()];
}

} // namespace ovm::compiler
