// The join-point map, as JSON and as text, and problems as text.
#include "weaver.hpp"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace ovm::compiler
{

std::string to_json(const Weaving& weaving)
{
    llvm::json::Array advice;
    for (const Aspect_advice& each : weaving.advice)
    {
        advice.push_back(llvm::json::Object{{"aspect", each.aspect},
                                            {"advice", each.advice},
                                            {"file", each.file},
                                            {"line", each.line},
                                            {"pointcut", each.pointcut},
                                            {"matches", static_cast<std::int64_t>(each.matches)}});
    }
    llvm::json::Array places;
    for (const Woven_join_point& each : weaving.map)
    {
        places.push_back(llvm::json::Object{{"aspect", each.aspect},
                                            {"advice", each.advice},
                                            {"kind", each.kind},
                                            {"place", each.place},
                                            {"name", each.name},
                                            {"file", each.file},
                                            {"line", each.line}});
    }
    llvm::json::Array problems;
    for (const Weaving_problem& each : weaving.problems)
    {
        problems.push_back(llvm::json::Object{{"file", each.file},
                                              {"line", each.line},
                                              {"column", each.column},
                                              {"what", each.what},
                                              {"why", each.why},
                                              {"mend", each.mend}});
    }
    const llvm::json::Value whole = llvm::json::Object{
        {"advice", std::move(advice)}, {"join_points", std::move(places)}, {"problems", std::move(problems)}};
    std::string text;
    llvm::raw_string_ostream(text) << llvm::formatv("{0:2}\n", whole);
    return text;
}

namespace
{

bool read(const llvm::json::Object& object, const char* name, std::string& value)
{
    const auto text = object.getString(name);
    value = text ? text->str() : std::string();
    return text.has_value();
}

template <typename Number>
bool read(const llvm::json::Object& object, const char* name, Number& value)
{
    const auto number = object.getInteger(name);
    value = static_cast<Number>(number.value_or(0));
    return number.has_value();
}

bool read(const llvm::json::Object& object, Aspect_advice& advice)
{
    return read(object, "aspect", advice.aspect) && read(object, "advice", advice.advice) &&
           read(object, "file", advice.file) && read(object, "line", advice.line) &&
           read(object, "pointcut", advice.pointcut) && read(object, "matches", advice.matches);
}

bool read(const llvm::json::Object& object, Woven_join_point& place)
{
    return read(object, "aspect", place.aspect) && read(object, "advice", place.advice) &&
           read(object, "kind", place.kind) && read(object, "place", place.place) && read(object, "name", place.name) &&
           read(object, "file", place.file) && read(object, "line", place.line);
}

template <typename Entry>
bool read_all(const llvm::json::Object& whole, llvm::StringRef name, std::vector<Entry>& entries)
{
    const auto* array = whole.getArray(name);
    if (array == nullptr)
    {
        return false;
    }
    for (const auto& value : *array)
    {
        if (value.getAsObject() == nullptr || !read(*value.getAsObject(), entries.emplace_back()))
        {
            return false;
        }
    }
    return true;
}

} // namespace

bool from_json(const std::string& text, Weaving& weaving)
{
    auto parsed = llvm::json::parse(text);
    if (!parsed)
    {
        llvm::consumeError(parsed.takeError());
        return false;
    }
    const auto* whole = parsed->getAsObject();
    return whole != nullptr && read_all(*whole, "advice", weaving.advice) &&
           read_all(*whole, "join_points", weaving.map);
}

std::string to_text(const Weaving& weaving)
{
    std::string text;
    for (const Aspect_advice& each : weaving.advice)
    {
        text += each.aspect + "::" + each.advice + " (" + each.file + ":" + std::to_string(each.line) + ")\n";
        for (const Woven_join_point& place : weaving.map)
        {
            if (place.aspect == each.aspect && place.advice == each.advice)
            {
                text += "    " + place.kind + " " + place.place + " of " + place.name + " (" + place.file + ":" +
                        std::to_string(place.line) + ")\n";
            }
        }
    }
    return text;
}

std::string to_text(const Weaving_problem& problem)
{
    std::string place = problem.file;
    if (problem.line != 0)
    {
        place += ":" + std::to_string(problem.line) +
                 (problem.column != 0 ? ":" + std::to_string(problem.column) : std::string());
    }
    return place + ": error: " + problem.what + "\n" + place + ": note: " + problem.why + "; instead: " + problem.mend +
           "\n";
}

} // namespace ovm::compiler
