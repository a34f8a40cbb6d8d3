// Code of the subset as it should be written: nothing here may be reported.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

int checked_index(const std::array<int, 4>& values, std::size_t index) { return values[index]; } // expect: none
int checked_span(std::span<const int> values, std::size_t index) { return values[index]; } // expect: none
std::span<int> part(std::span<int> values) { return values.subspan(1, 2); } // expect: none
std::span<int> whole(std::array<int, 4>& values) { return std::span(values); } // expect: none
std::span<int> single(int& value) { return {&value, 1}; } // expect: none
std::string_view literal() { return "text"; } // expect: none
constexpr std::string_view named_literal = "text"; // expect: none
std::string_view rest(std::string_view text) { return text.substr(1); } // expect: none
char of_view(std::string_view text, std::size_t index) { return text[index]; } // expect: none
std::string_view text_of_span(std::span<const char> bytes, std::size_t size) // expect: none
{
    return std::string_view(bytes.first(size));
}
int follow(const int* at) { return at == nullptr ? 0 : *at; } // expect: none
int call(int (*function)(int)) { return function(1); } // expect: none
const void* forget_type(const int* at) { return static_cast<const void*>(at); } // expect: none
int narrow(long value) { return static_cast<int>(value); } // expect: none
int old_number_cast(long value) { return (int)value; } // expect: none
void unused(int* at) { (void)at; } // expect: none
std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); } // expect: none
std::byte byte(unsigned value) { return std::byte(value); } // expect: none

int loop_over_array() // expect: none
{
    int total = 0;
    const int values[] = {1, 2, 3};
    for (const int value : values)
    {
        total += value;
    }
    return total;
}

int structured() // expect: none
{
    const int pair[2] = {1, 2};
    const auto [first, second] = pair;
    const auto copied = [pair] { return std::span(pair).size(); };
    return first + second + static_cast<int>(copied());
}

struct Point // expect: none
{
    int x;
    int y;
    int cells[4] = {};
    auto operator<=>(const Point&) const = default;
};
Point made() { return {.x = 1, .y = 2}; }
Point copied(const Point& from) { return Point(from); }
bool less(const Point& a, const Point& b) { return a < b; }
Point zeroed()
{
    Point point{};
    return point;
}

class With_constructor // expect: none
{
public:
    explicit With_constructor(int first) : first_(first), table_{} {}
    With_constructor() : With_constructor(1) {}
    With_constructor(const With_constructor&) = default;

private:
    int first_;
    int second_ = 2;
    std::array<int, 4> table_;
    std::optional<int> maybe_;
    std::atomic<int> atomic_;
    std::span<int> span_;
    std::string_view text_;
    std::variant<int, char> choice_;
    std::tuple<int, char> tuple_;
};

class Interface // expect: none
{
public:
    virtual ~Interface() = default;
    virtual int run(int depth) = 0;
};
class Decorator final : public Interface // expect: none
{
public:
    explicit Decorator(Interface& inner) : inner_(inner) {}
    int run(int depth) override { return inner_.run(depth); }

private:
    Interface& inner_;
};

template <typename Derived>
class Static_interface // expect: none
{
public:
    int run() { return static_cast<Derived&>(*this).run_now(); }
};
class Static_user final : public Static_interface<Static_user>
{
public:
    int run_now() { return 1; }
};
int use_static() { return Static_user().run(); }

constexpr int constant = 1; // expect: none
const int constant_too = 2; // expect: none
constinit const int constant_as_well = 3; // expect: none
inline constexpr std::array table = {1, 2, 3}; // expect: none
static constexpr std::string_view names[] = {"one", "two"}; // expect: none
constexpr const char* raw_name = "raw"; // expect: none
extern "C" const char read_only_start[]; // expect: none
struct With_constants // expect: none
{
    static constexpr int size = 4;
    static const int other = 5;
};
int constant_local() // expect: none
{
    static constexpr std::array local = {1, 2};
    return local[0];
}

template <int Depth>
int unrolled() // expect: none
{
    if constexpr (Depth == 0)
    {
        return 0;
    }
    else
    {
        return unrolled<Depth - 1>();
    }
}
int use_unrolled() { return unrolled<4>(); }
template <typename First, typename... Rest>
int pack(First first, Rest... rest) // expect: none
{
    if constexpr (sizeof...(rest) > 0)
    {
        return first + pack(rest...);
    }
    return first;
}
int use_pack() { return pack(1, 2L, 'c'); }

consteval std::size_t length_of(const char* text) // expect: none
{
    std::size_t length = 0;
    while (text[length] != '\0')
    {
        ++length;
    }
    return length;
}
constexpr std::size_t length = length_of("text");
consteval unsigned compile_time(unsigned depth) { return depth == 0 ? 0 : compile_time(depth - 1); } // expect: none
constexpr unsigned computed = compile_time(4);

int sorted(std::array<int, 8>& values) // expect: none
{
    std::ranges::sort(values, [](int a, int b) { return a < b; });
    std::sort(values.begin(), values.end());
    return *std::ranges::max_element(values);
}
int views(std::span<const int> values) // expect: none
{
    int total = 0;
    for (const int value : values | std::views::filter([](int each) { return each > 1; }) | std::views::take(3))
    {
        total += value;
    }
    return total;
}
std::expected<int, char> parse(std::string_view text) // expect: none
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + 0 * text.size(), value); // expect: pointer-arithmetic
    if (error != std::errc{})
    {
        return std::unexpected('x');
    }
    return value;
}
int visited(const std::variant<int, char>& value) // expect: none
{
    return std::visit([](auto each) { return static_cast<int>(each); }, value);
}
void asserted(int value) { assert(value > 0); } // expect: none
std::size_t offset() { return offsetof(Point, y); } // expect: none
bool overflow(int a, int b, int& to) { return __builtin_add_overflow(a, b, &to); } // expect: none
std::size_t unevaluated() // expect: none
{
    const int values[4] = {};
    return sizeof(values) / sizeof(values[0]);
}
template <typename Iterator>
Iterator stepped(Iterator at) { return at + 1; } // expect: none
int use_stepped(int value) { return stepped(value); }
template <typename Value>
concept Addable = requires(Value a, Value b) { a + b; }; // expect: none
static_assert(Addable<int>);
namespace own
{
void memcpy(std::span<char> to, std::span<const char> from); // expect: none
void use(std::span<char> to, std::span<const char> from) { memcpy(to, from); }
} // namespace own
