// Trace maps that leave references out, and such that do not.
#include <array>
#include <cstddef>

namespace ovm::object
{
class Collected
{
};
template <typename T>
class Traced final
{
    T* object_ = nullptr;
};
} // namespace ovm::object

#define NAMED(Class, member) __builtin_offsetof(Class, member)

namespace
{
using ovm::object::Collected;
using ovm::object::Traced;

struct Complete : Collected // expect: none
{
    Traced<Complete> next{};
    std::array<Traced<Complete>, 4> others{};
    static constexpr auto trace_map() { return std::array{NAMED(Complete, next), NAMED(Complete, others)}; }
};

struct Forgetful : Collected // expect: trace-map
{
    Traced<Complete> next{};
    Traced<Complete> forgotten{};
    static constexpr auto trace_map() { return std::array{NAMED(Forgetful, next)}; }
};

struct Forgets_array : Collected // expect: trace-map
{
    std::array<std::array<Traced<Complete>, 2>, 2> all{};
    static constexpr auto trace_map() { return std::array<std::size_t, 0>{}; }
};

struct Later : Complete // expect: trace-map
{
    Traced<Complete> later{};
};

struct Later_complete : Complete // expect: none
{
    Traced<Complete> later{};
    static constexpr auto trace_map()
    {
        return std::array{NAMED(Later_complete, later), NAMED(Later_complete, next), NAMED(Later_complete, others)};
    }
};

struct Pair
{
    int number = 0;
    Traced<Complete> hidden{};
};

struct Hides : Collected // expect: trace-map
{
    Pair pair{};
    static constexpr auto trace_map() { return std::array<std::size_t, 0>{}; }
};

template <typename Member>
struct Holder : Collected // expect: trace-map
{
    Member member{};
    static constexpr auto trace_map() { return std::array<std::size_t, 0>{}; }
};

template <typename Member>
struct Holder_complete : Collected // expect: none
{
    Traced<Member> member{};
    static constexpr auto trace_map() { return std::array{NAMED(Holder_complete, member)}; }
};

constexpr auto maps = Holder<int>::trace_map().size() + Holder<Pair>::trace_map().size() +
                      Holder_complete<int>::trace_map().size() + sizeof(Later) + sizeof(Hides);
} // namespace
