// Raw pointers: steps, differences, subscripts, views.
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

int subscript(int* at) { return at[1]; } // expect: pointer-arithmetic
int subscript_turned(int* at) { return 1 [at]; } // expect: pointer-arithmetic
int* plus(int* at) { return at + 1; } // expect: pointer-arithmetic
int* plus_turned(int* at) { return 1 + at; } // expect: pointer-arithmetic
int* minus(int* at) { return at - 1; } // expect: pointer-arithmetic
std::ptrdiff_t difference(int* a, int* b) { return a - b; } // expect: pointer-arithmetic
void increment(int* at) { ++at; } // expect: pointer-arithmetic
void increment_after(int* at) { at++; } // expect: pointer-arithmetic
void decrement(const char* at) { --at; } // expect: pointer-arithmetic
void add_assign(int* at) { at += 2; } // expect: pointer-arithmetic
void subtract_assign(int* at) { at -= 2; } // expect: pointer-arithmetic
void read_and_step(const char*& at, char& to) { to = *at++; } // expect: pointer-arithmetic
int* of_array(std::array<int, 4>& values) { return values.begin() + 1; } // expect: pointer-arithmetic
int* by_library(int* at) { return std::next(at); } // expect: pointer-arithmetic
void advance_by_library(int* at) { std::advance(at, 3); } // expect: pointer-arithmetic
void hidden_in_lambda(int* at)
{
    const auto step = [at] { return at + 1; }; // expect: pointer-arithmetic
    (void)step;
}
template <typename Value>
Value in_template(Value* at, int index) { return at[index]; } // expect: pointer-arithmetic
template <typename Iterator>
Iterator only_when_instantiated(Iterator at) { return at + 1; } // expect: pointer-arithmetic
int* instantiate(int* at) { return only_when_instantiated(at); }
void in_generic_lambda(int* at)
{
    const auto step = [](auto place) { return place + 1; }; // expect: pointer-arithmetic
    (void)step(at);
}
struct In_member
{
    int* at_ = nullptr;
    int get(std::size_t index) const { return at_[index]; } // expect: pointer-arithmetic
    int* initialised_from_(int* from) { return from; }
};
struct In_initialiser
{
    explicit In_initialiser(int* from) : at_(from + 1) {} // expect: pointer-arithmetic
    int* at_;
};
constexpr const char* text = "text";
int default_argument(const char* next = text + 1) { return *next; } // expect: pointer-arithmetic

int local_array()
{
    int values[4] = {};
    return values[1]; // expect: array-subscript
}
struct Member_array
{
    int values[4] = {};
    int get(unsigned index) const { return values[index]; } // expect: array-subscript
};
int two_dimensions(unsigned index)
{
    int values[4][4] = {};
    return *values[index]; // expect: array-subscript
}
char of_literal(unsigned index) { return "abc"[index]; } // expect: array-subscript
int array_plus()
{
    int values[4] = {};
    return *(values + 1); // expect: pointer-arithmetic
}

std::span<int> of_pointer(int* at, std::size_t count) { return std::span(at, count); } // expect: raw-view
std::span<int> of_pair(int* begin, int* end) { return {begin, end}; } // expect: raw-view
std::string_view of_text(const char* text) { return text; } // expect: raw-view
std::string_view of_bytes(const char* text, std::size_t length) { return {text, length}; } // expect: raw-view
std::span<int> of_data(std::array<int, 4>& values) { return {values.data(), 8}; } // expect: raw-view
std::string_view of_iterators(std::span<char> text, int length) { return {text.begin(), text.begin() + length}; } // expect: raw-view
std::span<int> of_iterator(std::span<int> values) { return std::span<int>(values.begin(), 8); } // expect: raw-view
