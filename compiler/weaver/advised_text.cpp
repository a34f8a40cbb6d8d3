#include "advised_text.hpp"

namespace ovm::compiler
{
namespace
{

/// Costs nothing once compiled: what is advised has the instructions of code written by hand.
constexpr const char* lambda = "[&]() __attribute__((always_inline))";

std::string quoted(const std::string& text)
{
    std::string result = "\"";
    for (const char each : text)
    {
        result += each == '"' || each == '\\' ? std::string{'\\', each} : std::string{each};
    }
    return result + "\"";
}

std::string call(const Advice& advice, const Place& place, const std::string& proceed)
{
    std::string text = advice.call + "(";
    bool first = true;
    for (const Advice_parameter parameter : advice.parameters)
    {
        std::string argument;
        switch (parameter)
        {
        case Advice_parameter::at:
            argument = "[]() __attribute__((always_inline)) -> ::ovm::weave::Join_point const& "
                       "{ static constexpr ::ovm::weave::Join_point at{" +
                       quoted(place.function) + ", " + quoted(place.file) + ", " + std::to_string(place.line) +
                       "}; return at; }()";
            break;
        case Advice_parameter::proceed:
            argument = proceed;
            break;
        case Advice_parameter::self:
            argument = place.self;
            break;
        case Advice_parameter::arguments:
            argument = place.arguments;
            break;
        }
        text += (first || argument.empty() ? "" : ", ") + argument;
        first = first && argument.empty();
    }
    return text + ")";
}

/// The statement, but not while the compiler evaluates it.
std::string at_run_time(const std::string& statement, const Place& place)
{
    return place.constant ? "if !consteval { " + statement + " }" : statement;
}

std::string guard(const std::string& name, const Advice& advice, const Place& place)
{
    return "[[maybe_unused]] ::ovm::weave::After const " + name + "{" + lambda + " { " + call(advice, place, {}) +
           "; }};";
}

/// What follows the lambda of the advised code.
std::string go_around(const std::string& proceed, const Advice& advice, const Place& place)
{
    const std::string leave = place.returns ? "return " : "";
    const std::string advised = leave + call(advice, place, proceed) + ";";
    return place.constant ? "if consteval { " + leave + proceed + "(); } else { " + advised + " }" : advised;
}

} // namespace

Frame Advised_text::around_body(const std::vector<const Advice*>& advice, const Place& place)
{
    Frame frame;
    for (const Advice* each : advice)
    {
        if (each->kind == Advice_kind::before)
        {
            frame.before += " " + at_run_time(call(*each, place, {}) + ";", place);
        }
        else if (each->kind == Advice_kind::after)
        {
            frame.before += " " + guard(fresh("ovm_after_"), *each, place);
        }
        else
        {
            const std::string proceed = fresh("ovm_proceed_");
            frame.before +=
                " auto " + proceed + " = " + lambda + " -> " + (place.returns ? place.result : "void") + " {";
            frame.after = "}; " + go_around(proceed, *each, place) + " " + frame.after;
        }
    }
    return frame;
}

Frame Advised_text::around_call(const std::vector<const Advice*>& advice, const Place& place)
{
    const std::string open = std::string(lambda) + " -> decltype(auto) { ";
    Frame frame;
    for (const Advice* each : advice)
    {
        if (each->kind == Advice_kind::before)
        {
            const std::string first = call(*each, place, {});
            frame.before += "(" +
                            (place.constant ? std::string(lambda) + " { " + at_run_time(first + ";", place) + " }()"
                                            : "static_cast<void>(" + first + ")") +
                            ", ";
            frame.after = ")" + frame.after;
        }
        else if (each->kind == Advice_kind::after)
        {
            frame.before += open + guard(fresh("ovm_after_"), *each, place) + " return ";
            frame.after = "; }()" + frame.after;
        }
        else
        {
            const std::string proceed = fresh("ovm_proceed_");
            frame.before += open + "auto " + proceed + " = " + open + "return ";
            frame.after = "; }; " + go_around(proceed, *each, place) + " }()" + frame.after;
        }
    }
    return frame;
}

} // namespace ovm::compiler
