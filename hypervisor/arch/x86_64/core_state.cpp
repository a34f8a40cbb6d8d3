#include "arch/x86_64/core_state.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "arch/processor.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/cpuid.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/msr.hpp"
#include "arch/x86_64/trap.hpp"
#include "base/bits.hpp"

namespace ovm::arch
{

namespace
{

/// Task state segment (APM volume 2, section 12.2.5).
struct [[gnu::packed]] Task_state
{
    std::uint32_t reserved0 = 0;
    std::array<std::uint64_t, 3> rsp{};
    std::uint64_t reserved1 = 0;
    std::array<std::uint64_t, 7> stacks{}; ///< IST1 to IST7
    std::uint64_t reserved2 = 0;
    std::uint16_t reserved3 = 0;
    std::uint16_t io_map = sizeof(Task_state);
};
static_assert(sizeof(Task_state) == 104);

/// The window's last page.
struct Core_descriptors
{
    std::array<std::uint64_t, 5> descriptors{};
    Task_state task{};
};

// Behind the window's own pages.
constexpr Host_virtual descriptors_at = core_window_at + Bytes(sizeof(Core_window));
constexpr Bytes window_size{sizeof(Core_window) + page_size.value()};
static_assert(sizeof(Core_window) % page_size.value() == 0 && sizeof(Core_descriptors) <= page_size.value());

constinit std::array<Core_window*, max_cores> windows{};

// A core's 64 KiB of the stack area; every gap is a guard page.
constexpr Bytes stack_stride{64 * 1024};
constexpr Bytes core_stack_begin = page_size;
constexpr std::array<Bytes, 3> exception_stack_begin{
    core_stack_begin + core_stack_size + page_size,
    core_stack_begin + core_stack_size + page_size * 2 + exception_stack_size,
    core_stack_begin + core_stack_size + page_size * 3 + exception_stack_size * 2,
};
static_assert(exception_stack_begin[2] + exception_stack_size + page_size <= stack_stride);

constexpr std::uint64_t feature_efer = efer::long_mode_enable | efer::no_execute;

Host_virtual stacks_of(Core_id core)
{
    return stack_area + stack_stride * core.value();
}

void map_pages(Page_tables& tables, Host_virtual at, Bytes size)
{
    for (Bytes done{}; done < size; done += page_size)
        tables.map(at + done, boot_page(), page_size, Page_kind::data);
}

template <typename T>
T* physical_object(Host_physical at)
{
    return reinterpret_cast<T*>(physical_bytes(at, Bytes(sizeof(T))).data());
}

} // namespace

Host_virtual core_stack_top(Core_id core)
{
    return stacks_of(core) + core_stack_begin + core_stack_size;
}

bool is_guard_page(Host_virtual at)
{
    Range<Host_virtual> const all{stack_area, stack_stride * max_cores};
    return all.contains(at) && current_page_tables().find(at) == 0;
}

Core_window& core_window_of(Core_id core)
{
    OVM_REQUIRES_THAT(windows[core.value()] != nullptr);
    return *windows[core.value()];
}

std::uint32_t window_count()
{
    auto const end = std::ranges::find(windows, nullptr);
    return static_cast<std::uint32_t>(end - windows.begin());
}

Page_tables make_core(Core_id core, Node_id node, Page_tables shared)
{
    Page_tables tables(core == Core_id(0) ? shared.root() : boot_page());
    if (core != Core_id(0))
    {
        for (unsigned slot = 256; slot < 512; ++slot)
        {
            if (slot != 510)
                tables.share_slot(shared, slot);
        }
    }
    map_pages(shared, stacks_of(core) + core_stack_begin, core_stack_size);
    for (auto const begin : exception_stack_begin)
        map_pages(shared, stacks_of(core) + begin, exception_stack_size);

    // In one piece, so that other cores reach its object table through the direct map.
    auto const window = boot_pages(window_size);
    tables.map(core_window_at, window, window_size, Page_kind::data);
    auto* const own = new (physical_object<Core_window>(window)) Core_window{};
    own->core = core;
    own->node = node;
    windows[core.value()] = own;

    auto* const table = new (physical_object<Core_descriptors>(window + Bytes(sizeof(Core_window)))) Core_descriptors{};
    auto const task = (descriptors_at + Bytes(offsetof(Core_descriptors, task))).value();
    table->descriptors[code_selector / 8] = 0x00af'9b00'0000'ffff;
    table->descriptors[data_selector / 8] = 0x00cf'9300'0000'ffff;
    // An available 64-bit TSS (APM volume 2, section 4.8.3): limit, base in three parts, type 9, present.
    table->descriptors[task_selector / 8] =
        (sizeof(Task_state) - 1) | field(task, 0, 24) << 16 | std::uint64_t{0x89} << 40 | field(task, 24, 8) << 56;
    table->descriptors[task_selector / 8 + 1] = field(task, 32, 32);
    for (std::size_t i = 0; i < exception_stack_begin.size(); ++i)
        table->task.stacks[i] = (stacks_of(core) + exception_stack_begin[i] + exception_stack_size).value();
    return tables;
}

void load_core_state()
{
    auto const features = cpuid(1);
    auto const more = cpuid(7);
    write_cr0(cr0::paging | cr0::write_protect | cr0::numeric_error | cr0::extension_type | cr0::monitor_coprocessor |
              cr0::protection);
    std::uint64_t control = cr4::physical_address_extension | cr4::machine_check | cr4::fxsave | cr4::simd_exceptions;
    if ((features.ecx & bit(26)) != 0)
        control |= cr4::xsave;
    if ((more.ebx & bit(7)) != 0)
        control |= cr4::supervisor_execution_prevention;
    if ((more.ecx & bit(2)) != 0)
        control |= cr4::user_instruction_prevention;
    write_cr4(control);
    write_msr(Msr::efer, feature_efer);
    // Entry 1 (PWT alone) combines writes, for framebuffers; the others are the processor's defaults.
    write_msr(Msr::pat, 0x0007'0406'0007'0106);

    Table_pointer const descriptors{sizeof(Core_descriptors::descriptors) - 1, descriptors_at.value()};
    asm volatile("lgdt %0" : : "m"(descriptors));
    asm volatile("movl %0, %%ss" : : "r"(std::uint32_t{data_selector}));
    // LTR marks it busy and takes no busy one: another processor may have run on this state before.
    constexpr std::uint64_t busy = bit(41);
    reinterpret_cast<Core_descriptors*>(descriptors_at.value())->descriptors[task_selector / 8] &= ~busy;
    asm volatile("ltr %w0" : : "r"(task_selector));
    asm volatile("lldt %w0" : : "r"(0));
    load_trap_table();
}

const char* missing_feature()
{
    auto const features = cpuid(0x8000'0001);
    if ((features.edx & bit(20)) == 0)
        return "this processor cannot forbid execution of pages (NX); enable it in the firmware's settings";
    if ((features.ecx & bit(2)) == 0)
        return "this processor has no SVM (AMD-V); OVM needs an AMD64 processor with it, or QEMU with -cpu EPYC";
    if ((cpuid(0x8000'000a).edx & bit(0)) == 0)
        return "this processor's SVM has no nested paging (NPT), which OVM needs";
    constexpr std::uint64_t svm_disabled = 1 << 4; // VM_CR.SVMDIS (APM volume 2, section 15.30.1)
    auto const vm_cr = try_read_msr(Msr::vm_cr);
    if (vm_cr && (*vm_cr & svm_disabled) != 0)
        return "SVM is locked off by the firmware; enable SVM (AMD-V) in its settings";
    return nullptr;
}

} // namespace ovm::arch
