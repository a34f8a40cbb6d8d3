#!/usr/bin/env python3
"""What is written compiles without a warning and does what the declarations say; and is written only when it changes.

    features.py --generator PATH/ovm-generate
"""
import sys

import suite

FAMILY = '''#pragma once
#include <memory>
#include <span>
#include <string_view>
#include "base/generate.hpp"
#include "base/result.hpp"
namespace app::parts
{
struct Count { int value = 0; };
struct State
{
    enum Loss : unsigned { none = 0, one OVM_LOST("one") = 1, two OVM_LOST("two \\"words\\"") = 2 };
    OVM_LOSSES
};
struct Keeps_all { enum Loss : unsigned { none = 0 }; OVM_LOSSES };
/// Inherited calls are the family's as well, those of another namespace, too.
class Named { public:
    virtual ovm::Result<std::string_view> name() const noexcept = 0;
protected:
    ~Named() = default; };
}
namespace app
{
class OVM_FAMILY Counter : public parts::Named
{
public:
    class Stand_in;
    template <typename Way>
    class Forwarder;
    struct Step { int by = 1; };
    virtual ovm::Result<parts::Count> add(int by) = 0;
    virtual ovm::Result<parts::Count> add(const Step& step, long again) = 0; // an overload
    template <typename = void>
    ovm::Result<parts::Count> contract_of_add(int by)
    {
        ++contracts;
        return add(by);
    }
    virtual ovm::Result<> keep(std::unique_ptr<int> owned, int&& moved, void (*call)(int), const int (&row)[2]) = 0;
    virtual ovm::Result<int&> operator[](unsigned) & = 0;
    OVM_WITHOUT_ANSWER(parts::Count{-1}) virtual parts::Count total() const = 0;
    OVM_WITHOUT_ANSWER() virtual void tell(int) = 0;
    /// Its own answer serves while nobody is there.
    virtual int limit() const { return 7; }
    virtual int fixed() const final { return 9; }
    int contracts = 0;

protected:
    ~Counter() = default;
};
} // namespace app
#include "app/counter.generated.hpp"
'''
FAMILY = FAMILY.replace("ovm::Result<int&> operator[](unsigned) & = 0", "ovm::Result<int> operator[](unsigned) & = 0")

FAMILY_USER = '''#include "app/counter.hpp"
#include "object/clustered/stand_in.hpp"
namespace
{
using namespace app;
using ovm::Error, ovm::Result;
class Real final : public Counter
{
public:
    Result<std::string_view> name() const noexcept override { return "real"; }
    Result<parts::Count> add(int by) override { return parts::Count{sum += by}; }
    Result<parts::Count> add(const Step& step, long again) override { return parts::Count{sum += step.by * int(again)}; }
    Result<> keep(std::unique_ptr<int> owned, int&& moved, void (*call)(int), const int (&row)[2]) override
    {
        sum += *owned + moved + row[1];
        call(1);
        return {};
    }
    Result<int> operator[](unsigned at) & override { return int(at); }
    parts::Count total() const override { return {sum}; }
    void tell(int what) override { sum = what; }
    int limit() const override { return 8; }
    int sum = 0;
};
struct To_real final : ovm::object::Lead<Counter>
{
    Result<Counter*> lead() override { return &real; }
    Real real;
};
struct Way
{
    explicit Way(Counter& to) : counter(to) {}
    template <typename Question>
    auto ask(Question&& question) const { return question(counter); }
    Counter& counter;
};
static_assert(parts::State::losses().size() == 2 && parts::Keeps_all::losses().empty());
static_assert(parts::State::losses()[0] == "one" && parts::State::losses()[1] == "two \\"words\\"");
bool leads()
{
    To_real lead;
    Counter::Stand_in stand_in(lead);
    Counter& counter = stand_in;
    const int row[2] = {1, 2};
    bool good = counter.add(2)->value == 2 && counter.add({.by = 3}, 2)->value == 8 && *counter.name() == "real";
    good = good && counter.keep(std::make_unique<int>(1), 1, [](int) {}, row) && lead.real.sum == 12 && *counter[5] == 5;
    counter.tell(99); // left undone
    return good && lead.real.sum == 12 && counter.total().value == -1 && counter.limit() == 7 && counter.fixed() == 9;
}
bool refuses()
{
    ovm::object::Gate<Counter> gate;
    ovm::object::Tombstone<Counter> tombstone;
    Counter& counter = tombstone;
    return gate.add(1).error() == Error::busy && counter.add(1).error() == Error::gone && gate.name().error() == Error::busy &&
           counter[1].error() == Error::gone && counter.total().value == -1;
}
bool forwards()
{
    Real real;
    Counter::Forwarder<Way> forwarder(real);
    Counter& counter = forwarder;
    counter.tell(5);
    const int row[2] = {1, 2};
    bool const kept = counter.keep(std::make_unique<int>(1), 1, [](int) {}, row).has_value();
    bool const added = counter.add(1)->value == 10 && counter.add({.by = 1}, 1)->value == 11;
    return kept && added && counter.total().value == 11 && counter.limit() == 8 && *counter.name() == "real" &&
           real.contracts == 1; // the overload has no contract
}
} // namespace
int main() { return leads() && refuses() && forwards() ? 0 : 1; }
'''

TRACED = '''#pragma once
#include <string_view>
#include <utility>
#include "object/collector/traced.hpp"
namespace app
{
using ovm::object::Collected, ovm::object::Traced;
class Node;
struct Pair { Traced<Node> one{}; int between = 0; std::array<Traced<Node>, 2> two{}; };
class Base : public Collected { public: int number = 0; Traced<Node> of_base{}; protected: Traced<Node> of_heirs{}; };
class Node final : public Base
{
public:
    OVM_TRACE_MAP
    explicit Node(Traced<Node>& other) : elsewhere(other) {}
    std::pair<int, Traced<Node>> second{};
    static Traced<Node> nobodys;
    Traced<Node>& elsewhere;
private:
    Traced<Node> hidden_{};
    Pair pair_{};
    std::array<std::array<Traced<Node>, 3>, 2> rows_{};
};
class Empty final : public Collected { public: OVM_TRACE_MAP int number = 0; };
class Around { public: class Inner final : public Collected { public: OVM_TRACE_MAP private: Traced<Node> one_{}; }; };
template <typename T, std::size_t count, typename... More>
class Many final : public Collected
{
public:
    OVM_TRACE_MAP
    T policy{};
    std::array<Traced<T>, count> all{};
};
} // namespace app
#include "app/node.generated.hpp"
'''

TRACED_USER = '''#include "app/node.hpp"
namespace
{
struct Local final : ovm::object::Collected { OVM_TRACE_MAP ovm::object::Traced<app::Node> one{}; };
}
namespace app { namespace {
struct Deeper final : Collected { OVM_TRACE_MAP Traced<Node> one{}; Traced<Node> other{}; };
} }
#include "app/user.generated.hpp"
'''

# What needs the maps while it is compiled stands in another file: the generator reads the one above without them.
TRACED_CHECKS = '''#include "app/user.cpp"
namespace
{
consteval unsigned count(std::span<const ovm::object::Traced_run> runs)
{
    unsigned sum = 0;
    for (auto const& run : runs)
        sum += run.count;
    return sum;
}
static_assert(count(app::Node::trace_map()) == 2 + 1 + 1 + 3 + 6);
static_assert(ovm::object::names_each_once(app::Node::trace_map()));
static_assert(count(app::Empty::trace_map()) == 0 && count(app::Around::Inner::trace_map()) == 1);
static_assert(count(app::Many<int, 4, char, long>::trace_map()) == 4 && count(app::Many<long, 2>::trace_map()) == 2);
static_assert(count(Local::trace_map()) == 1 && count(app::Deeper::trace_map()) == 2);
static_assert(app::Deeper::trace_map()[0].offset == 0 && app::Deeper::trace_map()[1].offset == 8);
} // namespace
'''


def main():
    checks = suite.Suite(__doc__)
    checks.place("app/counter.hpp", FAMILY)
    checks.place("app/node.hpp", TRACED)
    user = checks.place("app/counter_user.cpp", FAMILY_USER)
    checks.place("app/user.cpp", TRACED_USER)
    traced_user = checks.place("app/checks.cpp", TRACED_CHECKS)
    sources = ("app/counter.hpp", "app/node.hpp", "app/user.cpp")
    rule = checks.folder / "rule"
    result = checks.generate(*sources, options=("--dependencies", rule))
    checks.check("generates", result.returncode == 0, result.stderr)

    program = checks.folder / "program"
    result = checks.compile(user, *suite.LINK, "-o", program)
    if checks.check("a family's users compile", result.returncode == 0, result.stderr):
        result = suite.run([program])
        checks.check("a family's users run", result.returncode == 0, result.stderr)
    result = checks.compile(traced_user, "-fsyntax-only", "-Wno-unused-member-function", "-Wno-unused-private-field")
    checks.check("trace maps are complete", result.returncode == 0, result.stderr)

    written = checks.output / "app/counter.generated.hpp"
    text = written.read_text()
    checks.check("leads to its source", "// app/counter.hpp:32" in text and "from app/counter.hpp" in text, text)
    read = rule.read_text()
    checks.check("says what it read", all(f"{checks.folder}/{each}" in read for each in sources) and
                 f"{suite.ROOT}/hypervisor/base/generate.hpp" in read and "/c++/v1/" not in read, read)

    # Nothing is touched that would stay as it is.
    before = written.stat().st_mtime_ns
    checks.place("app/counter.hpp", FAMILY + "// one more line\n")
    result = checks.generate(*sources)
    checks.check("is written once", result.returncode == 0 and written.stat().st_mtime_ns == before, result.stderr)
    checks.place("app/counter.hpp", FAMILY.replace("virtual ovm::Result<parts::Count> add(int by)",
                                                   "virtual ovm::Result<parts::Count> add(short by)"))
    result = checks.generate(*sources)
    checks.check("is written anew", result.returncode == 0 and "add(short by)" in written.read_text(), result.stderr)

    # Whoever asks and forgets the #include hears of it from the compiler.
    checks.place("app/node.hpp", TRACED.replace('#include "app/node.generated.hpp"\n', ""))
    result = checks.compile(traced_user, "-fsyntax-only")
    checks.check("nothing is missing silently", result.returncode != 0 and "trace_map" in result.stderr, result.stderr)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
