#include <cstddef>
#include <cstdint>

/// What the compiler and libc++ call in a freestanding program. String instructions move eight bytes at a time.
extern "C"
{

    void* memcpy(void* to, const void* from, std::size_t size)
    {
        void* destination = to;
        std::size_t words = size / 8;
        std::size_t rest = size % 8;
        asm volatile("rep movsq" : "+D"(destination), "+S"(from), "+c"(words) : : "memory");
        asm volatile("rep movsb" : "+D"(destination), "+S"(from), "+c"(rest) : : "memory");
        return to;
    }

    void* memmove(void* to, const void* from, std::size_t size)
    {
        if (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from) >= size)
            return memcpy(to, from, size);
        auto* destination = static_cast<unsigned char*>(to) + size - 1;
        auto const* source = static_cast<const unsigned char*>(from) + size - 1;
        asm volatile("std; rep movsb; cld" : "+D"(destination), "+S"(source), "+c"(size) : : "memory");
        return to;
    }

    void* memset(void* at, int value, std::size_t size)
    {
        void* destination = at;
        std::size_t words = size / 8;
        std::size_t rest = size % 8;
        std::uint64_t const pattern = 0x0101010101010101u * static_cast<unsigned char>(value);
        asm volatile("rep stosq" : "+D"(destination), "+c"(words) : "a"(pattern) : "memory");
        asm volatile("rep stosb" : "+D"(destination), "+c"(rest) : "a"(pattern) : "memory");
        return at;
    }

    __attribute__((no_builtin)) int memcmp(const void* left, const void* right, std::size_t size)
    {
        auto const* a = static_cast<const unsigned char*>(left);
        auto const* b = static_cast<const unsigned char*>(right);
        for (std::size_t i = 0; i < size; ++i)
        {
            if (a[i] != b[i])
                return a[i] < b[i] ? -1 : 1;
        }
        return 0;
    }

    __attribute__((no_builtin)) void* memchr(const void* in, int value, std::size_t size)
    {
        auto const* bytes = static_cast<const unsigned char*>(in);
        for (std::size_t i = 0; i < size; ++i)
        {
            if (bytes[i] == static_cast<unsigned char>(value))
                return const_cast<unsigned char*>(bytes + i);
        }
        return nullptr;
    }

    __attribute__((no_builtin)) std::size_t strlen(const char* text)
    {
        std::size_t size = 0;
        while (text[size] != 0)
            ++size;
        return size;
    }

} // extern "C"
