#include "oracle.hpp"

#include <Zydis/Zydis.h>

#include <array>
#include <format>

#include "arch/x86_64/instruction/decoder.hpp"
#include "comparison.hpp"

namespace ovm::fuzz
{
namespace
{

using namespace arch::instruction;

class Zydis_decoders final
{
public:
    Zydis_decoders()
    {
        start(Mode::real16, ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16);
        start(Mode::protected16, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
        start(Mode::protected32, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
        start(Mode::long64, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    }

    const ZydisDecoder* get(Mode mode) const { return &decoders_[static_cast<size_t>(mode)]; }

private:
    void start(Mode mode, ZydisMachineMode machine_mode, ZydisStackWidth stack_width)
    {
        ZydisDecoder* decoder = &decoders_[static_cast<size_t>(mode)];
        ZydisDecoderInit(decoder, machine_mode, stack_width);
        // A 66 prefix shortens near branches in 64-bit code on AMD, and is ignored there on Intel.
        ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_AMD_BRANCHES, ZYAN_TRUE);
        // AMD never had MPX: 0F 1A and 0F 1B are NOPs, and a 67 prefix counts.
        ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
    }

    std::array<ZydisDecoder, 4> decoders_{};
};

/// OVM's own promises, whatever Zydis says.
std::optional<std::string> broken_promise(std::span<const uint8_t> bytes, Mode mode,
                                          const std::expected<Decoded, Decode_error>& decoded)
{
    const std::expected<uint8_t, Decode_error> found = length(bytes, mode);
    if (!decoded)
    {
        const bool shorter = !found && found.error() != decoded.error();
        return shorter ? std::optional<std::string>("decode and length fail differently") : std::nullopt;
    }
    if (decoded->length == 0 || decoded->length > maximum_length || decoded->length > bytes.size())
    {
        return "impossible length";
    }
    if (!found || *found != decoded->length)
    {
        return "decode and length disagree";
    }
    const std::expected<Decoded, Decode_error> cut = decode(bytes.first(decoded->length - 1u), mode);
    if (cut || cut.error() != Decode_error::truncated)
    {
        return "one byte less is not truncated";
    }
    const std::expected<Decoded, Decode_error> exact = decode(bytes.first(decoded->length), mode);
    if (!exact || *exact != *decoded)
    {
        return "bytes after the end matter";
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> disagreement(std::span<const uint8_t> bytes, Mode mode)
{
    static const Zydis_decoders decoders;
    const std::expected<Decoded, Decode_error> ours = decode(bytes, mode);
    if (auto wrong = broken_promise(bytes, mode, ours))
    {
        return wrong;
    }
    ZydisDecoderContext context;
    ZydisDecodedInstruction theirs;
    const ZyanStatus status =
        ZydisDecoderDecodeInstruction(decoders.get(mode), &context, bytes.data(), bytes.size(), &theirs);
    if (status == ZYDIS_STATUS_NO_MORE_DATA || status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG)
    {
        return ours ? std::optional<std::string>("accepted, but Zydis wants more bytes") : std::nullopt;
    }
    if (!ZYAN_SUCCESS(status))
    {
        return std::nullopt; // OVM may give a length to what is undefined.
    }
    // Knights Corner's MVEX prefix, and its branches under a VEX prefix, which Zydis accepts also without its mode for
    // that processor. No other ever had them.
    if (theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_MVEX || theirs.mnemonic == ZYDIS_MNEMONIC_JKZD ||
        theirs.mnemonic == ZYDIS_MNEMONIC_JKNZD)
    {
        return std::nullopt;
    }
    if (!ours)
    {
        return std::format("error {}, Zydis: {} of {} bytes", static_cast<int>(ours.error()),
                           ZydisMnemonicGetString(theirs.mnemonic), theirs.length);
    }
    if (ours->length != theirs.length)
    {
        return std::format("length {}, Zydis {}: {}", ours->length, theirs.length,
                           ZydisMnemonicGetString(theirs.mnemonic));
    }
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands{};
    if (!ZYAN_SUCCESS(
            ZydisDecoderDecodeOperands(decoders.get(mode), &context, &theirs, operands.data(), theirs.operand_count)))
    {
        return "Zydis cannot decode the operands";
    }
    if (auto wrong = Comparison(*ours, theirs, operands.data()).run())
    {
        return std::format("{}: {}", ZydisMnemonicGetString(theirs.mnemonic), *wrong);
    }
    return std::nullopt;
}

} // namespace ovm::fuzz
