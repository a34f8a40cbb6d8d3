#include "sharing/tracer.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include <pthread.h>

#include "arch/core_window.hpp"
#include "arch/processor.hpp"

namespace ovm::bench
{

namespace
{

constexpr std::uintptr_t line_size = 64;

/// The accesses of one traced body.
class Tracer
{
public:
    Tracer()
    {
        pthread_attr_t attributes;
        void* begin = nullptr;
        std::size_t size = 0;
        pthread_getattr_np(pthread_self(), &attributes);
        pthread_attr_getstack(&attributes, &begin, &size);
        pthread_attr_destroy(&attributes);
        stack_begin_ = reinterpret_cast<std::uintptr_t>(begin);
        stack_end_ = stack_begin_ + size;
    }

    void access(const volatile void* at, std::uintptr_t size, bool writes)
    {
        auto const begin = reinterpret_cast<std::uintptr_t>(at);
        if (begin >= stack_begin_ && begin < stack_end_)
            return;
        auto const core = arch::core_window().core.value();
        for (auto line = begin / line_size; line <= (begin + size - 1) / line_size; ++line)
        {
            auto const same = std::ranges::find_if(touched_, [line, core](const Touched& each)
                                                   { return each.line == line && each.core == core; });
            if (same == touched_.end())
                touched_.push_back({line, core, writes});
            else
                same->written |= writes;
        }
    }

    std::vector<Touched> take() { return std::exchange(touched_, {}); }

private:
    std::uintptr_t stack_begin_ = 0;
    std::uintptr_t stack_end_ = 0;
    std::vector<Touched> touched_{};
};

Tracer* tracer = nullptr;

void note(const volatile void* at, std::uintptr_t size, bool writes)
{
    // What the library does here may have been compiled to report as well.
    if (auto* const one = std::exchange(tracer, nullptr))
    {
        one->access(at, size, writes);
        tracer = one;
    }
}

} // namespace

std::vector<Touched> trace(const std::function<void()>& body)
{
    Tracer one;
    tracer = &one;
    body();
    tracer = nullptr;
    return one.take();
}

} // namespace ovm::bench

// What the compiler calls (LLVM, compiler-rt/lib/tsan/rtl/tsan_interface.h). Orders do not matter here.
extern "C"
{
    using ovm::bench::note;

    void __tsan_init() {}
    void __tsan_func_entry(void*) {}
    void __tsan_func_exit() {}
    void __tsan_vptr_read(void** at)
    {
        note(at, sizeof(void*), false);
    }
    void __tsan_vptr_update(void** at, void*)
    {
        note(at, sizeof(void*), true);
    }
    void __tsan_atomic_thread_fence(int)
    {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    void __tsan_atomic_signal_fence(int) {}
    void* __tsan_memcpy(void* to, const void* from, std::size_t size)
    {
        note(from, size, false);
        note(to, size, true);
        return std::memcpy(to, from, size);
    }
    void* __tsan_memmove(void* to, const void* from, std::size_t size)
    {
        note(from, size, false);
        note(to, size, true);
        return std::memmove(to, from, size);
    }
    void* __tsan_memset(void* to, int value, std::size_t size)
    {
        note(to, size, true);
        return std::memset(to, value, size);
    }

#define OVM_PLAIN(bytes)                                                                                               \
    void __tsan_read##bytes(void* at)                                                                                  \
    {                                                                                                                  \
        note(at, bytes, false);                                                                                        \
    }                                                                                                                  \
    void __tsan_write##bytes(void* at)                                                                                 \
    {                                                                                                                  \
        note(at, bytes, true);                                                                                         \
    }                                                                                                                  \
    void __tsan_unaligned_read##bytes(void* at)                                                                        \
    {                                                                                                                  \
        note(at, bytes, false);                                                                                        \
    }                                                                                                                  \
    void __tsan_unaligned_write##bytes(void* at)                                                                       \
    {                                                                                                                  \
        note(at, bytes, true);                                                                                         \
    }                                                                                                                  \
    void __tsan_read_write##bytes(void* at)                                                                            \
    {                                                                                                                  \
        note(at, bytes, true);                                                                                         \
    }
    OVM_PLAIN(1)
    OVM_PLAIN(2)
    OVM_PLAIN(4)
    OVM_PLAIN(8)
    OVM_PLAIN(16)

#define OVM_ATOMIC(bits, type)                                                                                         \
    type __tsan_atomic##bits##_load(const volatile type* at, int)                                                      \
    {                                                                                                                  \
        note(at, sizeof(type), false);                                                                                 \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                                  \
    }                                                                                                                  \
    void __tsan_atomic##bits##_store(volatile type* at, type value, int)                                               \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                                 \
    }                                                                                                                  \
    type __tsan_atomic##bits##_exchange(volatile type* at, type value, int)                                            \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                                       \
    }                                                                                                                  \
    type __tsan_atomic##bits##_fetch_add(volatile type* at, type value, int)                                           \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    type __tsan_atomic##bits##_fetch_sub(volatile type* at, type value, int)                                           \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_fetch_sub(at, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    type __tsan_atomic##bits##_fetch_or(volatile type* at, type value, int)                                            \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_fetch_or(at, value, __ATOMIC_SEQ_CST);                                                         \
    }                                                                                                                  \
    type __tsan_atomic##bits##_fetch_and(volatile type* at, type value, int)                                           \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_fetch_and(at, value, __ATOMIC_SEQ_CST);                                                        \
    }                                                                                                                  \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type wanted, int, int)        \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_compare_exchange_n(at, expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);           \
    }                                                                                                                  \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type* at, type* expected, type wanted, int, int)          \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        return __atomic_compare_exchange_n(at, expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);           \
    }                                                                                                                  \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type wanted, int, int)           \
    {                                                                                                                  \
        note(at, sizeof(type), true);                                                                                  \
        __atomic_compare_exchange_n(at, &expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                 \
        return expected;                                                                                               \
    }
    OVM_ATOMIC(8, std::uint8_t)
    OVM_ATOMIC(16, std::uint16_t)
    OVM_ATOMIC(32, std::uint32_t)
    OVM_ATOMIC(64, std::uint64_t)
}
