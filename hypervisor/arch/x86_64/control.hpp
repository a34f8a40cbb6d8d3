#pragma once

#include <cstdint>

/// Control registers (APM volume 2, section 3.1) and the tables that processors hold.
namespace ovm::arch
{

namespace cr0
{
inline constexpr std::uint64_t protection = 1u << 0;
inline constexpr std::uint64_t monitor_coprocessor = 1u << 1;
inline constexpr std::uint64_t emulation = 1u << 2;
inline constexpr std::uint64_t task_switched = 1u << 3;
inline constexpr std::uint64_t extension_type = 1u << 4;
inline constexpr std::uint64_t numeric_error = 1u << 5;
inline constexpr std::uint64_t write_protect = 1u << 16;
inline constexpr std::uint64_t not_write_through = 1u << 29;
inline constexpr std::uint64_t cache_disable = 1u << 30;
inline constexpr std::uint64_t paging = 1u << 31;
} // namespace cr0

namespace cr4
{
inline constexpr std::uint64_t page_size_extension = 1u << 4;
inline constexpr std::uint64_t physical_address_extension = 1u << 5;
inline constexpr std::uint64_t machine_check = 1u << 6;
inline constexpr std::uint64_t page_global = 1u << 7;
inline constexpr std::uint64_t fxsave = 1u << 9;
inline constexpr std::uint64_t simd_exceptions = 1u << 10;
inline constexpr std::uint64_t user_instruction_prevention = 1u << 11;
inline constexpr std::uint64_t xsave = 1u << 18;
inline constexpr std::uint64_t supervisor_execution_prevention = 1u << 20;
} // namespace cr4

#define OVM_CONTROL_REGISTER(name)                                                                                     \
    inline std::uint64_t read_##name()                                                                                 \
    {                                                                                                                  \
        std::uint64_t value;                                                                                           \
        asm volatile("mov %%" #name ", %0" : "=r"(value) : : "memory");                                                \
        return value;                                                                                                  \
    }                                                                                                                  \
    inline void write_##name(std::uint64_t value)                                                                      \
    {                                                                                                                  \
        asm volatile("mov %0, %%" #name : : "r"(value) : "memory");                                                    \
    }
OVM_CONTROL_REGISTER(cr0)
OVM_CONTROL_REGISTER(cr2)
OVM_CONTROL_REGISTER(cr3)
OVM_CONTROL_REGISTER(cr4)
OVM_CONTROL_REGISTER(dr6)
#undef OVM_CONTROL_REGISTER

inline void invalidate_page(std::uint64_t address)
{
    asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

inline std::uint64_t read_xcr0()
{
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return std::uint64_t{high} << 32 | low;
}

inline void write_xcr0(std::uint64_t value)
{
    asm volatile("xsetbv"
                 :
                 : "c"(0), "a"(static_cast<std::uint32_t>(value)), "d"(static_cast<std::uint32_t>(value >> 32))
                 : "memory");
}

/// Operand of LGDT and LIDT.
struct [[gnu::packed]] Table_pointer
{
    std::uint16_t limit = 0;
    std::uint64_t base = 0;
};
static_assert(sizeof(Table_pointer) == 10);

} // namespace ovm::arch
