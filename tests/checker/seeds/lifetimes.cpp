// Objects made, ended and left without a value by hand.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

struct Thing
{
    int value = 0;
};

int* one() { return new int(1); } // expect: new-delete
int* many() { return new int[4]; } // expect: new-delete
void end(int* at) { delete at; } // expect: new-delete
void end_many(int* at) { delete[] at; } // expect: new-delete
Thing* placed(void* at) { return new (at) Thing; } // expect: new-delete
void* raw() { return ::operator new(8); } // expect: new-delete
Thing* constructed(Thing* at) { return std::construct_at(at); } // expect: new-delete
void destroyed(Thing* at) { std::destroy_at(at); } // expect: new-delete
void by_hand(Thing& thing) { thing.~Thing(); } // expect: new-delete
void* allocated() { return std::malloc(8); } // expect: memory-function

union Number // expect: union
{
    int integer;
    float real;
};
struct With_anonymous
{
    union // expect: union
    {
        int integer = 0;
        float real;
    };
};

int local()
{
    int value; // expect: uninitialised
    value = 1;
    return value;
}
int* local_pointer()
{
    int* at; // expect: uninitialised
    at = nullptr;
    return at;
}
void local_array()
{
    std::byte bytes[16]; // expect: uninitialised
    (void)bytes;
}
void local_standard_array()
{
    std::array<int, 4> values; // expect: uninitialised
    (void)values;
}
struct Aggregate
{
    int first;
    int second;
};
void local_aggregate()
{
    Aggregate value; // expect: uninitialised
    (void)value;
}
template <typename Value>
void local_in_template()
{
    Value value; // expect: uninitialised
    (void)value;
}
void instantiate() { local_in_template<int>(); }
class Forgetful
{
public:
    explicit Forgetful(int first) : first_(first) {}

private:
    int first_;
    int second_; // expect: uninitialised
};
class Late
{
public:
    Late() { value_ = 1; }

private:
    int value_; // expect: uninitialised
};
class By_default
{
public:
    By_default() = default;

private:
    int value_; // expect: uninitialised
};
class Holds_aggregate
{
public:
    Holds_aggregate() {}

private:
    Aggregate inner_; // expect: uninitialised
};
class Holds_array
{
public:
    Holds_array() {}

private:
    std::array<char, 8> bytes_; // expect: uninitialised
};
struct On_base : Aggregate
{
    On_base() {} // expect: uninitialised
};
template <typename Value>
class In_template
{
public:
    In_template() {}
    Value value_; // expect: uninitialised
};
In_template<int> instantiate_class() { return {}; }
