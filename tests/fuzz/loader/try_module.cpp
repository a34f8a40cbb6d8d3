#include "fuzz/loader/try_module.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <Zydis/Zydis.h>

#include "arch/hosted/machine.hpp"
#include "loader/module_maker.hpp"
#include "memory/heap.hpp"
#include "policy/frames/first_touch.hpp"
#include "unit/loader/halt_module.hpp"
#include "unit/loader/signing.hpp"

namespace ovm::fuzz
{

namespace
{

using loader::Module_image;
using loader::Module_maker;
namespace format = loader::format;

void demand(bool condition, const char* what)
{
    if (condition)
        return;
    std::fprintf(stderr, "loader: %s\n", what);
    std::abort();
}

/// A computer's memory, for as long as the process.
struct Machine
{
    Machine()
    {
        arch::hosted::reset();
        std::array const ranges{Range<Host_physical>{Host_physical(0x100000), Bytes((32u << 20) - 0x100000)}};
        demand(pool.open_node(Node_id(0), ranges).has_value(), "no memory");
    }

    memory::Frame_pool pool{};
    policy::First_touch_allocator frames{pool};
    memory::Heap heap{frames, Node_id(0)};
};

Machine& machine()
{
    static auto* const the = new Machine;
    return *the;
}

constexpr std::array<loader::Interface, 1> interfaces{{{object::Family_id::halt, {1, 2, 3}}}};

void make(std::span<const std::uint8_t> file)
{
    auto& all = machine();
    auto const free = all.pool.free();
    {
        Module_maker maker(file, interfaces, all.frames, all.heap, 3);
        auto progress = Module_maker::Progress::again;
        for (unsigned steps = 0; progress == Module_maker::Progress::again; ++steps)
        {
            demand(steps < 1'000'000, "it does not end");
            progress = maker.step();
        }
        if (progress == Module_maker::Progress::done)
            arch::unmap_module(3, maker.image().size_in_memory());
    }
    // The heap keeps a block that it made of frames once.
    static bool warm = false;
    demand(!std::exchange(warm, true) || free.value() - all.pool.free().value() < 8, "it keeps memory");
}

/// A file whose signed part is the bytes, with what a fuzzer does not guess.
test::Code file_of(std::span<const std::uint8_t> bytes)
{
    test::Code file(sizeof(format::Envelope));
    file.insert(file.end(), bytes.begin(), bytes.end());
    file.resize(std::max(file.size(), sizeof(format::Envelope) + sizeof(format::Header)));
    std::ranges::copy(format::magic, file.begin() + sizeof(format::Envelope));
    auto const size = file.size() - sizeof(format::Envelope);
    for (unsigned i = 0; i < 4; ++i)
        file[sizeof(format::Envelope) + 8 + i] = static_cast<std::uint8_t>(size >> (8 * i));
    return file;
}

/// What OVM's decoder let pass, as another one sees it.
void judge(std::span<const std::uint8_t> text)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (std::size_t at = 0; at < text.size();)
    {
        ZydisDecodedInstruction instruction;
        auto const rest = text.subspan(at);
        demand(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, rest.data(), rest.size(), &instruction)),
               "an instruction passed that is none");
        demand((instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) == 0, "a privileged instruction passed");
        demand(instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY, "a vector instruction passed");
        switch (instruction.meta.category)
        {
        case ZYDIS_CATEGORY_IO:
        case ZYDIS_CATEGORY_IOSTRINGOP:
        case ZYDIS_CATEGORY_SYSTEM:
        case ZYDIS_CATEGORY_SYSCALL:
        case ZYDIS_CATEGORY_SYSRET:
        case ZYDIS_CATEGORY_VTX:
        case ZYDIS_CATEGORY_SEGOP:
        case ZYDIS_CATEGORY_X87_ALU:
        case ZYDIS_CATEGORY_MMX:
        case ZYDIS_CATEGORY_SSE:
        case ZYDIS_CATEGORY_XSAVE:
        case ZYDIS_CATEGORY_RDRAND:
        case ZYDIS_CATEGORY_RDSEED:
        case ZYDIS_CATEGORY_RDWRFSGS:
            demand(false, "an instruction passed that modules may not use");
            break;
        default:
            break;
        }
        at += instruction.length;
    }
}

void scan(std::span<const std::uint8_t> text)
{
    if (text.empty() || text.size() > 4096)
        return;
    test::Module_builder builder;
    builder.text.assign(text.begin(), text.end());
    builder.import(16, "memcpy").policy("a-policy");
    auto const file = builder.build();
    Module_image image;
    demand(!Module_image::open(file, image), "a good file is refused");
    test::Code memory(loader::Code_scan::memory_needed(image));
    loader::Code_scan scan(image, memory);
    while (!scan.done())
    {
        if (scan.step())
            return;
    }
    judge(text);
}

bool is_good(std::span<const std::uint8_t> file)
{
    loader::Signature_check::Signature signature{};
    std::ranges::copy(file.first(signature.size()), signature.begin());
    loader::Signature_check check(test::test_key, signature, file.subspan(sizeof(format::Envelope)));
    for (;;)
    {
        auto const step = check.step();
        if (!step)
            return false;
        if (*step == loader::Signature_check::Progress::good)
            return true;
    }
}

void sign(std::span<const std::uint8_t> bytes)
{
    auto file = file_of(bytes);
    test::sign(file);
    demand(is_good(file), "a good signature is refused");
    make(file);
    auto const where = (bytes.empty() ? 0 : bytes[0] * std::size_t{257} + bytes.back()) % (file.size() * 8);
    // The key that it names is looked up, not checked.
    if (where / 8 >= 64 && where / 8 < sizeof(format::Envelope))
        return;
    file[where / 8] = static_cast<std::uint8_t>(file[where / 8] ^ 1U << where % 8);
    demand(!is_good(file), "a wrong signature passed");
}

} // namespace

void try_module(std::span<const std::uint8_t> bytes)
{
    if (bytes.empty())
        return;
    auto const rest = bytes.subspan(1);
    switch (bytes[0] % 3)
    {
    case 0:
        return make(file_of(rest));
    case 1:
        return scan(rest);
    default:
        return sign(rest);
    }
}

} // namespace ovm::fuzz
