// Control flow that has no bound or no structure.
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdarg>
#include <cstdio>

int direct(int depth) { return depth == 0 ? 0 : direct(depth - 1); } // expect: recursion

int second_of_two(int depth);
int first_of_two(int depth) { return depth == 0 ? 0 : second_of_two(depth - 1); } // expect: recursion
int second_of_two(int depth) { return first_of_two(depth); }

int third_of_three(int depth);
int second_of_three(int depth) { return third_of_three(depth); } // expect: recursion
int first_of_three(int depth) { return second_of_three(depth); }
int third_of_three(int depth) { return depth == 0 ? 0 : first_of_three(depth - 1); }

template <typename Value>
Value in_template(Value depth) { return depth == 0 ? 0 : in_template(depth - 1); } // expect: recursion
int instantiate() { return in_template(3); }

struct Node
{
    Node* next = nullptr;
    int length() const { return next == nullptr ? 1 : 1 + next->length(); } // expect: recursion
    Node& operator+=(int count) { return count == 0 ? *this : *this += count - 1; } // expect: recursion
};

int by_lambda(std::array<int, 4>& values, int depth) // expect: recursion
{
    std::ranges::for_each(values, [&](int) { by_lambda(values, depth - 1); });
    return depth;
}
int explicit_this(int depth)
{
    const auto down = [](this const auto& self, int left) -> int { return left == 0 ? 0 : self(left - 1); }; // expect: recursion
    return down(depth);
}
struct Makes_itself
{
    explicit Makes_itself(int depth) : depth_(depth == 0 ? 0 : Makes_itself(depth - 1).depth_) {} // expect: recursion
    int depth_;
};

int back(int count)
{
again:
    if (count-- > 0)
    {
        goto again; // expect: goto
    }
    return count;
}
void* label()
{
    void* at = &&here; // expect: goto
here:
    return at;
}
int jump(std::jmp_buf& buffer) { return setjmp(buffer); } // expect: setjmp
void jump_back(std::jmp_buf& buffer) { std::longjmp(buffer, 1); } // expect: setjmp

void thrown() { throw 1; } // expect: exception
void tried()
{
    try // expect: exception
    {
        thrown();
    }
    catch (...)
    {
    }
}

int sum(int count, ...) // expect: varargs
{
    std::va_list list{};
    va_start(list, count); // expect: varargs
    const int first = va_arg(list, int); // expect: varargs
    va_end(list); // expect: varargs
    return first;
}
void variadic_call() { std::printf("%d", 1); } // expect: varargs
template <typename Any>
int any(Any, ...) { return 0; } // expect: varargs
void variadic_by_pointer(void (*print)(const char*, ...)) { print("x"); } // expect: varargs

void assembly() { asm volatile("nop"); } // expect: inline-assembly
void with_operands(int& value) { __asm__("" : "+r"(value)); } // expect: inline-assembly
asm(".set nothing, 0"); // expect: inline-assembly
void pause() { __builtin_ia32_pause(); } // expect: inline-assembly
