#include "launcher/description/guest_option.hpp"

#include <set>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

Checked<Guest_request> parse_guest_option(std::string_view text, const std::string& where)
{
    Guest_request guest;
    guest.where = where;
    std::set<std::string> seen;
    for (auto const& part : split_at_commas(text))
    {
        auto const equals = part.find('=');
        if (equals == std::string::npos)
            return Failure{where,
                           part.empty() ? std::string("an empty part between commas")
                                        : in_quotes(part) + " is no KEY=VALUE",
                           "write KEY=VALUE, and a comma inside a value twice"};
        auto const key = part.substr(0, equals);
        if (key != "module" && !seen.insert(key).second)
            return Failure{where, in_quotes(key) + " is given twice", "give it once"};
        OVM_CHECKED(set_guest(guest, key, part.substr(equals + 1), where));
    }
    return guest;
}

} // namespace ovm::launcher
