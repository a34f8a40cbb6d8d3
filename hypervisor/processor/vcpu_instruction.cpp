#include <algorithm>
#include <utility>

#include "arch/processor.hpp"
#include "base/bits.hpp"
#include "processor/vcpu.hpp"

/// What a vcpu does with the instruction at its rip: read, decode, skip, and raise what it raises.
namespace ovm::processor
{

namespace instruction = arch::instruction;
using arch::Event;

namespace
{

constexpr std::uint8_t debug_vector = 1;
constexpr std::uint8_t undefined_vector = 6;
constexpr std::uint8_t double_fault_vector = 8;
constexpr std::uint8_t protection_vector = 13;
constexpr std::uint8_t page_fault_vector = 14;
constexpr std::uint64_t rflags_trap = bit(8);
constexpr std::uint64_t dr6_single_step = bit(14);

/// A VM's memory as page walks see it.
class Tables_in_memory
{
public:
    Tables_in_memory(memory::Guest_memory& memory, Page_cache& pages) : memory_(memory), pages_(pages) {}

    std::optional<std::uint32_t> load32(Guest_physical at)
    {
        auto const whole = load64(Guest_physical(align_down(at.value(), 8)));
        if (!whole)
            return {};
        return static_cast<std::uint32_t>(*whole >> (at.value() % 8 * 8));
    }
    /// In one load, as other vcpus may be writing the entry. Aligned.
    [[gnu::always_inline]] std::optional<std::uint64_t> load64(Guest_physical at)
    {
        auto const host = find(at);
        if (!host) [[unlikely]]
            return {};
        return arch::Direct_entries::load(*host, 0);
    }
    void set_bits(Guest_physical at, std::uint8_t bits)
    {
        if (auto const host = find(at))
            std::atomic_ref(arch::physical_bytes(*host, Bytes(1)).front()).fetch_or(bits, std::memory_order_relaxed);
    }
    /// Makes the page present when it is RAM that was not touched yet.
    [[gnu::always_inline]] std::optional<Host_physical> find(Guest_physical at)
    {
        if (auto const host = pages_.find(at)) [[likely]]
            return host;
        return find_anew(memory_, pages_, at);
    }

private:
    [[gnu::noinline]] static std::optional<Host_physical> find_anew(memory::Guest_memory& memory, Page_cache& pages,
                                                                    Guest_physical at)
    {
        auto host = memory.translate(at);
        if (!host)
        {
            if (!memory.populate(at))
                return {};
            host = memory.translate(at);
            if (!host)
                return {};
        }
        pages.remember(at, *host);
        return *host;
    }

    memory::Guest_memory& memory_;
    Page_cache& pages_;
};
static_assert(Walked_memory<Tables_in_memory>);

enum class Exception_class : std::uint8_t
{
    benign,
    contributory,
    page_fault,
    double_fault
};

constexpr Exception_class class_of(std::uint8_t vector)
{
    switch (vector)
    {
    case 0:
    case 10:
    case 11:
    case 12:
    case protection_vector:
        return Exception_class::contributory;
    case page_fault_vector:
        return Exception_class::page_fault;
    case double_fault_vector:
        return Exception_class::double_fault;
    default:
        return Exception_class::benign;
    }
}

/// APM volume 2, 8.2.9. A third fault stays #DF here, and the processor turns it into a shutdown when it fails again.
constexpr bool makes_double_fault(std::uint8_t first, std::uint8_t second)
{
    auto const earlier = class_of(first);
    auto const later = class_of(second);
    if (earlier == Exception_class::double_fault)
        return later != Exception_class::benign;
    if (earlier == Exception_class::page_fault)
        return later == Exception_class::page_fault || later == Exception_class::contributory;
    return earlier == Exception_class::contributory && later == Exception_class::contributory;
}

} // namespace

[[gnu::always_inline]] inline Paging Vcpu::paging() const
{
    return {.cr0 = state_.cr0(),
            .cr3 = state_.cr3(),
            .cr4 = state_.cr4(),
            .efer = state_.efer(),
            .rflags = state_.rflags()};
}

std::expected<Guest_physical, Walk_fault> Vcpu::look_up(Guest_virtual at, Access access) const
{
    Tables_in_memory tables(memory_, pages_);
    return Page_walk(tables, paging(), access).translate(at);
}

Result<Guest_physical> Vcpu::translate(Guest_virtual at, Access access)
{
    auto const found = look_up(at, access);
    if (found) [[likely]]
        return *found;
    raise(at, found.error());
    return Error::not_present;
}

void Vcpu::raise(Guest_virtual at, const Walk_fault& fault)
{
    if (fault.vector == page_fault_vector)
        state_.set_cr2(at.value());
    inject_exception(fault.vector, fault.error_code);
}

void Vcpu::inject_exception(std::uint8_t vector, std::optional<std::uint32_t> error_code)
{
    Event next{.type = Event::Type::exception, .vector = vector, .error_code = error_code};
    if (auto const earlier = state_.take_event()) [[unlikely]]
    {
        if (earlier->type != Event::Type::exception)
        {
            deferred_ = earlier;
            attention_.fetch_or(event, std::memory_order_relaxed);
        }
        else if (makes_double_fault(earlier->vector, vector))
            next = {.type = Event::Type::exception, .vector = double_fault_vector, .error_code = 0};
        // Otherwise the earlier one comes again by itself, as its instruction does.
    }
    state_.inject(next);
}

Guest_virtual Vcpu::linear_rip(instruction::Mode mode) const
{
    if (mode == instruction::Mode::long64) [[likely]]
        return Guest_virtual(state_.rip());
    return Guest_virtual(low_bytes(state_.segment(arch::Segment_name::cs).base + state_.rip(), 4));
}

/// The bytes from `at` to the end of their page, at most `most`; none after a fault was raised.
[[gnu::always_inline]] inline std::span<const std::uint8_t> Vcpu::code_at(Guest_virtual at, std::size_t most)
{
    Tables_in_memory ram(memory_, pages_);
    Access const fetch{.execute = true, .user = state_.privilege_level() == 3};
    Page_walk walk(ram, paging(), fetch);
    auto const physical = walk.is_long() ? walk.translate_long(at) : look_up(at, fetch);
    if (!physical) [[unlikely]]
    {
        raise(at, physical.error());
        return {};
    }
    auto const host = ram.find(*physical);
    if (!host) [[unlikely]]
    {
        inject_exception(protection_vector, 0);
        return {};
    }
    auto const left = page_size - at.offset_in(page_size);
    return arch::physical_bytes(*host, Bytes(std::min<std::uint64_t>(left.value(), most)));
}

std::span<const std::uint8_t> Vcpu::code_window(Guest_virtual at, std::size_t most)
{
    return code_at(at, most);
}

/// A copy of the instruction's bytes, from two pages when it needs both; none after a fault was raised.
std::span<const std::uint8_t> Vcpu::fetch(std::span<std::uint8_t> into)
{
    auto const at = linear_rip(state_.mode());
    auto const first = code_window(at, into.size());
    if (first.empty())
        return {};
    std::ranges::copy(first, into.begin());
    auto const have = into.first(first.size());
    if (first.size() == into.size())
        return have;
    // The rest of the page may be all there is: only an instruction that needs the next one may fault there.
    auto const decoded = instruction::full_length(have, state_.mode());
    if (decoded || decoded.error() != instruction::Decode_error::truncated)
        return have;
    auto const second = code_window(at + Bytes(first.size()), into.size() - first.size());
    if (second.empty())
        return {};
    std::ranges::copy(second, into.subspan(first.size()).begin());
    return into;
}

void Vcpu::raise_undecodable(instruction::Decode_error error)
{
    if (error == instruction::Decode_error::invalid)
        inject_exception(undefined_vector, std::nullopt);
    else
        inject_exception(protection_vector, 0);
}

Result<instruction::Decoded> Vcpu::decode()
{
    // A copy, as other vcpus may be changing the bytes while they are looked at.
    std::array<std::uint8_t, instruction::maximum_length> storage{};
    auto const mode = state_.mode();
    std::span<const std::uint8_t> bytes = code_at(linear_rip(mode), storage.size());
    if (bytes.size() == storage.size()) [[likely]]
    {
        std::ranges::copy(bytes.first<instruction::maximum_length>(), storage.begin());
        bytes = storage;
    }
    else if (!bytes.empty())
        bytes = fetch(storage);
    if (bytes.empty()) [[unlikely]]
        return Error::not_present;
    auto const decoded = instruction::decode(bytes, mode);
    if (decoded) [[likely]]
        return *decoded;
    if (decoded.error() == instruction::Decode_error::invalid)
        return Error::invalid;
    raise_undecodable(decoded.error());
    return Error::not_present;
}

void Vcpu::advance(const arch::Exit& exit)
{
    if (exit.next_rip != 0)
    {
        state_.set_rip(exit.next_rip);
        finish_instruction();
    }
    else
        advance_by_decoding();
}

void Vcpu::advance_by_decoding()
{
    // In place: nothing but the length is taken from bytes that other vcpus may be changing.
    auto const mode = state_.mode();
    auto const bytes = code_at(linear_rip(mode), instruction::maximum_length);
    if (bytes.empty()) [[unlikely]]
        return;
    auto const length = instruction::length(bytes, mode);
    if (!length) [[unlikely]]
        return advance_in_pieces(length.error());
    move_past(*length, mode);
}

/// The bytes up to the page's end were not enough, or no instruction at all.
void Vcpu::advance_in_pieces(instruction::Decode_error error)
{
    if (error == instruction::Decode_error::truncated)
    {
        std::array<std::uint8_t, instruction::maximum_length> storage{};
        auto const whole = fetch(storage);
        if (whole.empty())
            return;
        auto const length = instruction::length(whole, state_.mode());
        if (length)
            return advance(*length);
        error = length.error();
    }
    raise_undecodable(error);
}

void Vcpu::move_past(unsigned length, instruction::Mode mode)
{
    auto const next = state_.rip() + length;
    state_.set_rip(mode == instruction::Mode::long64 ? next : low_bytes(next, 4));
    finish_instruction();
}

/// A HLT that finds an interrupt waiting ends at once. So it may be passed over wherever one waits, and it must be
/// behind STI: QEMU enters a guest without the shadow that it was left in (docs/reference/hardware.md), the interrupt
/// would come before the HLT, and the vcpu would sleep although it was woken.
void Vcpu::pass_halt()
{
    constexpr std::uint8_t hlt = 0xF4;
    if (state_.event_pending() || state_.privilege_level() != 0)
        return;
    auto const mode = state_.mode();
    auto const code = code_window(linear_rip(mode), 1);
    if (!code.empty() && code.front() == hlt)
        move_past(1, mode);
}

void Vcpu::finish_instruction()
{
    state_.clear_interrupt_shadow();
    if ((state_.rflags() & rflags_trap) != 0) [[unlikely]]
        single_step();
}

void Vcpu::single_step()
{
    state_.set_dr6(state_.dr6() | dr6_single_step);
    inject_exception(debug_vector, std::nullopt);
}

} // namespace ovm::processor
