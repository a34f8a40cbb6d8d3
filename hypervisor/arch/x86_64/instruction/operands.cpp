#include "arch/x86_64/instruction/operands.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "arch/x86_64/instruction/address.hpp"

namespace ovm::arch::instruction
{
namespace
{

constexpr uint8_t destination_index = std::to_underlying(General_register::rdi);
constexpr uint8_t accumulator = std::to_underlying(General_register::rax);
constexpr uint8_t port_register = std::to_underlying(General_register::rdx);

constexpr Operand general(uint8_t number, uint8_t size)
{
    return {.kind = Operand::Kind::general, .number = number, .size = size, .high_byte = false};
}

constexpr Operand special(Operand::Kind kind, uint8_t number, uint8_t size)
{
    return {.kind = kind, .number = number, .size = size, .high_byte = false};
}

constexpr Operand string_destination(uint8_t size)
{
    return special(Operand::Kind::string_destination, destination_index, size);
}

inline void set(Decoded& decoded, Operand destination, Operand source)
{
    decoded.destination = destination;
    decoded.source = source;
}

/// Fills a Decoded from a Layout and a Form.
/// Invariant: valid_ goes to 0 and stays so at the first operand that does not exist.
/// Lifetime:  that of the bytes.
class Operand_decoder final
{
public:
    Operand_decoder(std::span<const uint8_t> bytes, Mode mode, const Layout& layout, Form form)
        : layout_(layout), bytes_(bytes), form_(form), mode_(mode)
    {
    }

    bool fill(Decoded& decoded);

private:
    bool in_memory() const { return layout_.modrm < 0xC0; }
    uint8_t natural_size() const { return mode_ == Mode::long64 ? 8 : 4; }
    void demand(bool condition) { valid_ &= condition ? 1 : 0; }

    Operand byte_register(uint8_t number) const;
    Operand register_operand(uint8_t number, uint8_t size) const;
    Operand reg(uint8_t size) const;
    Operand rm(uint8_t size) const;
    Operand memory_only(uint8_t size);
    Operand register_only(uint8_t size) const;
    Operand opcode_register(uint8_t size) const;
    Operand segment_register();
    Operand control_register();
    Operand debug_register();

    Operand immediate(Decoded& decoded, uint8_t size) const;
    Operand unsigned_immediate(Decoded& decoded) const;
    Operand offset(Decoded& decoded, uint8_t size) const;
    Operand string_source(Decoded& decoded, uint8_t size) const;

    void fill_operands(Decoded& decoded, uint8_t size);
    void fill_system(Decoded& decoded, uint8_t size);
    void fill_string(Decoded& decoded, uint8_t size);
    void fill_port(Decoded& decoded, uint8_t size);
    void note_prefixes(Decoded& decoded) const;
    bool lock_is_allowed(const Decoded& decoded) const;

    Layout layout_;
    std::span<const uint8_t> bytes_;
    Form form_;
    Mode mode_;
    uint8_t valid_{1};
};

/// Without REX, 4 to 7 are AH, CH, DH and BH (APM volume 1, 3.1.2).
Operand Operand_decoder::byte_register(uint8_t number) const
{
    Operand operand = general(number, 1);
    if (layout_.rex == 0 && number >= 4 && number < 8)
    {
        operand.number = static_cast<uint8_t>(number - 4);
        operand.high_byte = true;
    }
    return operand;
}

inline Operand Operand_decoder::register_operand(uint8_t number, uint8_t size) const
{
    return size == 1 ? byte_register(number) : general(number, size);
}

inline Operand Operand_decoder::reg(uint8_t size) const
{
    return register_operand(layout_.reg() | layout_.extend_reg(), size);
}

inline Operand Operand_decoder::rm(uint8_t size) const
{
    return in_memory() ? special(Operand::Kind::memory, 0, size)
                       : register_operand(layout_.rm() | layout_.extend_base(), size);
}

inline Operand Operand_decoder::memory_only(uint8_t size)
{
    demand(in_memory());
    return special(Operand::Kind::memory, 0, size);
}

inline Operand Operand_decoder::register_only(uint8_t size) const
{
    return general(layout_.rm() | layout_.extend_base(), size);
}

inline Operand Operand_decoder::opcode_register(uint8_t size) const
{
    return register_operand((layout_.opcode & 7) | layout_.extend_base(), size);
}

Operand Operand_decoder::segment_register()
{
    demand(layout_.reg() <= std::to_underlying(Segment_register::gs));
    return special(Operand::Kind::segment, layout_.reg(), 2);
}

/// LOCK with CR0 names CR8, also outside 64-bit code (APM, "MOV CRn").
Operand Operand_decoder::control_register()
{
    uint8_t number = layout_.reg() | layout_.extend_reg();
    if (layout_.has(Layout::lock))
    {
        demand(number == 0);
        number = 8;
    }
    demand(number == 0 || (number >= 2 && number <= 4) || number == 8);
    return special(Operand::Kind::control, number, natural_size());
}

Operand Operand_decoder::debug_register()
{
    demand(layout_.extend_reg() == 0);
    return special(Operand::Kind::debug, layout_.reg(), natural_size());
}

/// Signed, then truncated to `size` bytes; a Decoded holds one immediate only.
Operand Operand_decoder::immediate(Decoded& decoded, uint8_t size) const
{
    const int64_t value = read_signed(bytes_, layout_.immediate_at, layout_.immediate_size);
    decoded.immediate = truncate(static_cast<uint64_t>(value), size);
    return special(Operand::Kind::immediate, 0, size);
}

Operand Operand_decoder::unsigned_immediate(Decoded& decoded) const
{
    const int64_t value = read_signed(bytes_, layout_.immediate_at, layout_.immediate_size);
    decoded.immediate = truncate(static_cast<uint64_t>(value), 1);
    return special(Operand::Kind::immediate, 0, 1);
}

Operand Operand_decoder::offset(Decoded& decoded, uint8_t size) const
{
    decoded.has_memory = true;
    fill_offset_operand(layout_, bytes_, decoded.memory);
    return special(Operand::Kind::memory, 0, size);
}

Operand Operand_decoder::string_source(Decoded& decoded, uint8_t size) const
{
    decoded.has_memory = true;
    decoded.memory.base = std::to_underlying(General_register::rsi);
    decoded.memory.segment = layout_.segment_or(Segment_register::ds);
    return special(Operand::Kind::memory, 0, size);
}

void Operand_decoder::note_prefixes(Decoded& decoded) const
{
    decoded.prefixes.lock = layout_.has(Layout::lock);
    decoded.prefixes.rep = layout_.has(Layout::rep);
    decoded.prefixes.repne = layout_.has(Layout::repne);
    if (layout_.segment_override != Layout::no_segment)
    {
        decoded.prefixes.segment = static_cast<Segment_register>(layout_.segment_override);
    }
}

bool Operand_decoder::lock_is_allowed(const Decoded& decoded) const
{
    return form_.operation == Operation::mov_control ||
           (may_lock(form_.operation) && decoded.destination.kind == Operand::Kind::memory);
}

void Operand_decoder::fill_operands(Decoded& decoded, uint8_t size)
{
    switch (form_.shape)
    {
    case Shape::none:
        if (layout_.immediate_size != 0)
        {
            static_cast<void>(immediate(decoded, 8));
        }
        return;
    case Shape::rm_reg:
        return set(decoded, rm(size), reg(size));
    case Shape::reg_rm:
        return set(decoded, reg(size), rm(size));
    case Shape::reg_rm_byte:
        return set(decoded, reg(size), rm(1));
    case Shape::reg_rm_word:
        return set(decoded, reg(size), rm(2));
    case Shape::reg_rm_dword:
        // With a 66 prefix MOVSXD keeps 16 bits, but still reads 32 from memory: an AMD EPYC does so, though Intel's
        // manual has it read 16.
        return set(decoded, reg(size), rm(in_memory() ? 4 : std::min<uint8_t>(size, 4)));
    case Shape::memory_reg:
        return set(decoded, memory_only(size), reg(size));
    case Shape::memory_reg_dword:
        decoded.operand_size = std::max<uint8_t>(size, 4);
        return set(decoded, memory_only(decoded.operand_size), reg(decoded.operand_size));
    case Shape::reg_memory:
        return set(decoded, reg(size), memory_only(size));
    case Shape::rm_immediate:
        return set(decoded, rm(size), immediate(decoded, size));
    case Shape::rm_bit_number:
        return set(decoded, rm(size), unsigned_immediate(decoded));
    case Shape::rm:
        return set(decoded, rm(size), {});
    case Shape::rm_double:
        decoded.operand_size = layout_.rex_w() ? 16 : 8;
        return set(decoded, rm(decoded.operand_size), {});
    case Shape::accumulator_immediate:
        return set(decoded, general(accumulator, size), immediate(decoded, size));
    case Shape::accumulator_offset:
        return set(decoded, general(accumulator, size), offset(decoded, size));
    case Shape::offset_accumulator:
        return set(decoded, offset(decoded, size), general(accumulator, size));
    case Shape::opcode_reg:
        return set(decoded, opcode_register(size), {});
    case Shape::opcode_reg_immediate:
        return set(decoded, opcode_register(size), immediate(decoded, size));
    case Shape::opcode_reg_accumulator:
        return set(decoded, opcode_register(size), general(accumulator, size));
    default:
        return fill_system(decoded, size);
    }
}

void Operand_decoder::fill_system(Decoded& decoded, uint8_t size)
{
    switch (form_.shape)
    {
    case Shape::rm_segment:
        decoded.operand_size = in_memory() ? 2 : size;
        return set(decoded, rm(decoded.operand_size), segment_register());
    case Shape::segment_rm:
        decoded.operand_size = 2;
        demand(layout_.reg() != std::to_underlying(Segment_register::cs));
        return set(decoded, segment_register(), rm(2));
    case Shape::reg_control:
        decoded.operand_size = natural_size();
        return set(decoded, register_only(natural_size()), control_register());
    case Shape::control_reg:
        decoded.operand_size = natural_size();
        return set(decoded, control_register(), register_only(natural_size()));
    case Shape::reg_debug:
        decoded.operand_size = natural_size();
        return set(decoded, register_only(natural_size()), debug_register());
    case Shape::debug_reg:
        decoded.operand_size = natural_size();
        return set(decoded, debug_register(), register_only(natural_size()));
    case Shape::interrupt_number:
        return set(decoded, {}, unsigned_immediate(decoded));
    case Shape::stack_flags:
        decoded.operand_size = mode_ == Mode::long64 && size == 4 ? 8 : size;
        return;
    case Shape::rm_system_word:
        decoded.operand_size = in_memory() ? 2 : size;
        return set(decoded, rm(decoded.operand_size), {});
    case Shape::system_word_rm:
        decoded.operand_size = 2;
        return set(decoded, {}, rm(2));
    case Shape::table_memory:
        return set(decoded, memory_only(mode_ == Mode::long64 ? 10 : 6), {});
    case Shape::memory_table:
        return set(decoded, {}, memory_only(mode_ == Mode::long64 ? 10 : 6));
    case Shape::memory_address:
        return set(decoded, {}, memory_only(1));
    default:
        return form_.shape >= Shape::in_immediate ? fill_port(decoded, size) : fill_string(decoded, size);
    }
}

/// APM, "CMPSx", "INSx", "LODSx", "MOVSx", "OUTSx", "SCASx", "STOSx". Ports have no 64-bit forms.
void Operand_decoder::fill_string(Decoded& decoded, uint8_t size)
{
    const uint8_t port_size = std::min<uint8_t>(size, 4);
    switch (form_.shape)
    {
    case Shape::string_move:
        return set(decoded, string_destination(size), string_source(decoded, size));
    case Shape::string_store:
        return set(decoded, string_destination(size), general(accumulator, size));
    case Shape::string_load:
        return set(decoded, general(accumulator, size), string_source(decoded, size));
    case Shape::string_compare:
        return set(decoded, string_source(decoded, size), string_destination(size));
    case Shape::string_scan:
        return set(decoded, general(accumulator, size), string_destination(size));
    case Shape::string_in:
        decoded.operand_size = port_size;
        return set(decoded, string_destination(port_size), general(port_register, 2));
    case Shape::string_out:
        decoded.operand_size = port_size;
        return set(decoded, general(port_register, 2), string_source(decoded, port_size));
    default:
        valid_ = 0;
        return;
    }
}

void Operand_decoder::fill_port(Decoded& decoded, uint8_t size)
{
    size = std::min<uint8_t>(size, 4);
    decoded.operand_size = size;
    switch (form_.shape)
    {
    case Shape::in_immediate:
        return set(decoded, general(accumulator, size), unsigned_immediate(decoded));
    case Shape::in_dx:
        return set(decoded, general(accumulator, size), general(port_register, 2));
    case Shape::out_immediate:
        return set(decoded, unsigned_immediate(decoded), general(accumulator, size));
    case Shape::out_dx:
        return set(decoded, general(port_register, 2), general(accumulator, size));
    default:
        valid_ = 0;
        return;
    }
}

bool Operand_decoder::fill(Decoded& decoded)
{
    const uint8_t size = form_.size != 0 ? form_.size : layout_.operand_size;
    decoded.length = layout_.length;
    decoded.operation = form_.operation;
    decoded.operand_size = size;
    decoded.address_size = layout_.address_size;
    decoded.map = layout_.map;
    decoded.opcode = layout_.opcode;
    decoded.modrm = layout_.modrm;
    if (layout_.has(Layout::has_modrm) && in_memory() && layout_.map < Opcode_map::vex)
    {
        decoded.has_memory = true;
        fill_modrm_operand(layout_, bytes_, mode_, decoded.memory);
    }
    fill_operands(decoded, size);
    if (layout_.has(Layout::lock | Layout::rep | Layout::repne) || layout_.segment_override != Layout::no_segment)
    {
        note_prefixes(decoded);
        demand(!layout_.has(Layout::lock) || lock_is_allowed(decoded));
    }
    return valid_ != 0;
}

} // namespace

bool decode_operands(std::span<const uint8_t> bytes, Mode mode, const Layout& layout, Form form, Decoded& decoded)
{
    const bool exists = Operand_decoder(bytes, mode, layout, form).fill(decoded);
    OVM_PROMISES(!exists || decoded.is_sound());
    OVM_PROMISES(decoded.has_memory || !layout.has(Layout::has_modrm) || layout.mod() == 3 ||
                 layout.map >= Opcode_map::vex);
    return exists;
}

} // namespace ovm::arch::instruction
