#include "provided.hpp"

#include <algorithm>
#include <bit>

#include "loader/format.hpp"
#include "object/module/family.hpp"
#include "problem.hpp"

namespace ovm::compiler::signer
{
namespace
{

// Where the members of object::Provided, Policy_description and Parameter stand, with libc++'s views: an address, then
// a size. A test compares them with the headers.
namespace provided
{
constexpr unsigned family = 0;
constexpr unsigned size = 4;
constexpr unsigned alignment = 8;
constexpr unsigned description = 16;
constexpr unsigned construct = 24;
} // namespace provided
namespace description
{
constexpr unsigned name = 0;
constexpr unsigned meaning = 16;
constexpr unsigned parameters = 32;
} // namespace description
namespace parameter
{
constexpr unsigned name = 0;
constexpr unsigned unit = 16;
constexpr unsigned initial = 24;
constexpr unsigned least = 32;
constexpr unsigned most = 40;
constexpr unsigned meaning = 48;
constexpr unsigned bytes = 64;
} // namespace parameter

constexpr std::size_t most_parameters = 8;
constexpr auto last_family = static_cast<std::uint32_t>(object::last_family);
constexpr unsigned last_unit = 2;
constexpr unsigned nanoseconds = 1;
/// A day.
constexpr std::uint64_t longest_duration = 86'400'000'000'000;

std::unexpected<Problem> unreadable(const std::string& what)
{
    return refuse(what + " cannot be read from the linked module",
                  "the signer writes it down, so it has to be a constant when the module is linked",
                  "make the policy's description and all that it refers to static constexpr");
}

Checked<std::string> text_member(const Linked& linked, std::uint64_t at, const std::string& what)
{
    auto const begin = linked.address(at);
    auto const size = linked.number(at + 8, 8);
    auto text = begin && size ? linked.text_at(*begin, *size) : std::nullopt;
    if (!text)
        return unreadable(what);
    return *text;
}

std::optional<Problem> check_text(const std::string& name, const std::string& meaning, const std::string& whose)
{
    if (!is_name(name))
        return refuse("'" + name + "' is no name for " + whose,
                      "names are typed at a console: a-z, 0-9 and `-`, not at an end, at most " +
                          std::to_string(loader::format::most_name) + " characters",
                      "choose another name in the policy's description")
            .error();
    bool const printable = std::ranges::all_of(meaning, [](char each) { return each >= ' ' && each <= '~'; });
    if (!printable || meaning.size() > loader::format::most_meaning)
        return refuse("the meaning of " + whose + " '" + name + "' is too long or not printable",
                      "it is shown on a line of the console: at most " + std::to_string(loader::format::most_meaning) +
                          " characters from blank to `~`",
                      "shorten it in the policy's description")
            .error();
    return std::nullopt;
}

Checked<Described_parameter> read_parameter(const Linked& linked, std::uint64_t at)
{
    OVM_TAKE(name, text_member(linked, at + parameter::name, "a parameter's name"));
    OVM_TAKE(meaning, text_member(linked, at + parameter::meaning, "the meaning of parameter '" + name + "'"));
    if (auto problem = check_text(name, meaning, "parameter"))
        return std::unexpected(*problem);
    auto const number = [&](unsigned member, unsigned size) { return linked.number(at + member, size).value_or(0); };
    Described_parameter result{.name = name,
                               .meaning = meaning,
                               .unit = static_cast<std::uint32_t>(number(parameter::unit, 1)),
                               .initial = number(parameter::initial, 8),
                               .least = number(parameter::least, 8),
                               .most = number(parameter::most, 8)};
    if (result.unit > last_unit)
        return unreadable("the unit of parameter '" + name + "'");
    if (result.least > result.initial || result.initial > result.most)
        return refuse("the initial value " + std::to_string(result.initial) + " of parameter '" + name +
                          "' is not between " + std::to_string(result.least) + " and " + std::to_string(result.most),
                      "a policy has to work without any parameter given", "change the value or the range");
    if (result.unit == nanoseconds && result.most > longest_duration)
        return refuse("parameter '" + name + "' may be longer than a day",
                      "the hypervisor counts durations in ticks, of which 64 bits have to hold the sums",
                      "give it a smaller range");
    return result;
}

Checked<Described_policy> read_policy(const Linked& linked, std::uint64_t at)
{
    auto const described_at = linked.address(at + provided::description);
    auto const construct = linked.address(at + provided::construct);
    if (!described_at || *described_at == 0 || !construct || *construct >= linked.text().size())
        return unreadable("a policy's record");
    OVM_TAKE(name, text_member(linked, *described_at + description::name, "a policy's name"));
    OVM_TAKE(meaning,
             text_member(linked, *described_at + description::meaning, "the meaning of policy '" + name + "'"));
    if (auto problem = check_text(name, meaning, "policy"))
        return std::unexpected(*problem);
    auto const number = [&](unsigned member)
    { return static_cast<std::uint32_t>(linked.number(at + member, 4).value_or(0)); };
    Described_policy policy{.family = number(provided::family),
                            .name = name,
                            .meaning = meaning,
                            .construct = static_cast<std::uint32_t>(*construct),
                            .size = number(provided::size),
                            .alignment = number(provided::alignment)};
    if (policy.family == 0 || policy.family > last_family)
        return unreadable("the family of policy '" + name + "'");
    if (policy.alignment > 8 || !std::has_single_bit(policy.alignment))
        return refuse("an object of policy '" + name + "' wants to be aligned to " + std::to_string(policy.alignment),
                      "the hypervisor's heaps align to 8 bytes", "leave out alignas");
    auto const first = linked.address(*described_at + description::parameters);
    auto const count = linked.number(*described_at + description::parameters + 8, 8);
    if (!first || !count)
        return unreadable("the parameters of policy '" + name + "'");
    if (*count > most_parameters)
        return refuse("policy '" + name + "' has " + std::to_string(*count) + " parameters",
                      "a policy has at most " + std::to_string(most_parameters), "merge some, or make them constants");
    for (std::uint64_t i = 0; i < *count; ++i)
    {
        OVM_TAKE(each, read_parameter(linked, *first + i * parameter::bytes));
        if (std::ranges::find(policy.parameters, each.name, &Described_parameter::name) != policy.parameters.end())
            return refuse("policy '" + name + "' has two parameters '" + each.name + "'",
                          "a person could not say which is meant", "rename one");
        policy.parameters.push_back(each);
    }
    return policy;
}

} // namespace

bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= loader::format::most_name && name.front() != '-' && name.back() != '-' &&
           std::ranges::all_of(name, [](char each)
                               { return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-'; });
}

Checked<std::vector<Described_policy>> provided_policies(const Linked& linked)
{
    std::vector<Described_policy> policies;
    for (std::uint64_t at = linked.table();; at += 8)
    {
        auto const record = linked.address(at);
        if (!record)
            return unreadable("the list `ovm_module`");
        if (*record == 0)
            break;
        OVM_TAKE(policy, read_policy(linked, *record));
        for (auto const& other : policies)
        {
            if (other.family == policy.family && other.name == policy.name)
                return refuse("the module provides two policies '" + policy.name + "'",
                              "a person could not say which is meant", "rename one");
        }
        policies.push_back(policy);
        if (policies.size() > loader::format::most_policies)
            return refuse("the module provides more than " + std::to_string(loader::format::most_policies) +
                              " policies",
                          "that is the limit of a module", "make two modules of it");
    }
    if (policies.empty())
        return refuse("the module provides no policies", "its list `ovm_module` is empty",
                      "name them: OVM_MODULE(ovm::object::provides<FAMILY, POLICY>)");
    return policies;
}

} // namespace ovm::compiler::signer
