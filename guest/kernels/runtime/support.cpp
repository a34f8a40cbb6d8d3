// What the compiler and libc++'s headers call and a freestanding program must bring.
#include <cstddef>
#include <cstdint>

#include "runtime/print.hpp"

extern "C"
{
    void* memcpy(void* to, const void* from, size_t count)
    {
        void* result = to;
        asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        return result;
    }

    void* memset(void* to, int value, size_t count)
    {
        void* result = to;
        asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
        return result;
    }

    void* memmove(void* to, const void* from, size_t count)
    {
        auto* target = static_cast<uint8_t*>(to);
        const auto* source = static_cast<const uint8_t*>(from);
        if (target <= source || target >= source + count)
        {
            return memcpy(to, from, count);
        }
        while (count > 0)
        {
            --count;
            *static_cast<volatile uint8_t*>(target + count) = source[count];
        }
        return to;
    }

    int memcmp(const void* left, const void* right, size_t count)
    {
        const auto* a = static_cast<const volatile uint8_t*>(left);
        const auto* b = static_cast<const volatile uint8_t*>(right);
        for (size_t index = 0; index < count; ++index)
        {
            if (a[index] != b[index])
            {
                return a[index] < b[index] ? -1 : 1;
            }
        }
        return 0;
    }

    size_t strlen(const char* text)
    {
        const volatile char* end = text;
        while (*end != 0)
        {
            ++end;
        }
        return static_cast<size_t>(end - text);
    }

    /// Under a name of its own, as the C library's header declares memchr twice for C++.
    const void* find_byte(const void* area, int value, size_t count) asm("memchr");

    const void* find_byte(const void* area, int value, size_t count)
    {
        const auto* byte = static_cast<const volatile uint8_t*>(area);
        for (size_t index = 0; index < count; ++index)
        {
            if (byte[index] == static_cast<uint8_t>(value))
            {
                return static_cast<const uint8_t*>(area) + index;
            }
        }
        return nullptr;
    }
}

namespace std
{
inline namespace __1
{
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...);

void __libcpp_verbose_abort(const char* format, ...)
{
    guest::fail("library check: ", format);
}
} // namespace __1
} // namespace std
