// A plugin for QEMU that counts the instructions that an emulated computer executes between two places, each named by
// the bytes of its code. A halted processor executes none, so that idle time is left out; each round of a `rep` counts.
//
//     -plugin libinstruction_counter.so,out=FILE,start=HEX,end=HEX
//
// Counting starts when code that begins with `start` is reached first, and ends when code that begins with `end` is
// reached first after that: the count is then written to FILE. For one processor.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "counter/plugin_interface.hpp"

namespace
{

constexpr std::uint64_t page_size = 4096;

using Bytes = std::vector<unsigned char>;

struct Counter
{
    Bytes start{};
    Bytes end{};
    std::string file{};
    std::uint64_t executed = 0;
    std::uint64_t at_start = 0;
    bool started = false;
    bool ended = false;
};

// The interface calls plain functions, and there is one computer.
Counter counter{};

bool read_hexadecimal(std::string_view text, Bytes& into)
{
    into.clear();
    for (; text.size() >= 2; text.remove_prefix(2))
    {
        unsigned char byte = 0;
        auto const result = std::from_chars(text.data(), text.data() + 2, byte, 16);
        if (result.ec != std::errc{} || result.ptr != text.data() + 2)
            return false;
        into.push_back(byte);
    }
    return text.empty() && !into.empty();
}

void start_reached(unsigned, void*)
{
    if (counter.started)
        return;
    counter.started = true;
    counter.at_start = counter.executed;
}

void end_reached(unsigned, void*)
{
    if (!counter.started || counter.ended)
        return;
    counter.ended = true;
    std::ofstream(counter.file) << counter.executed - counter.at_start << '\n';
}

/// True when the code at an instruction begins with these bytes, in the same page.
bool begins_with(const qemu_plugin_insn* instruction, const Bytes& bytes)
{
    auto const room = page_size - qemu_plugin_insn_vaddr(instruction) % page_size;
    auto const* const code = qemu_plugin_insn_haddr(instruction);
    return code != nullptr && bytes.size() <= room && std::memcmp(code, bytes.data(), bytes.size()) == 0;
}

void translated(qemu_plugin_id_t, qemu_plugin_tb* block)
{
    auto const count = qemu_plugin_tb_n_insns(block);
    for (std::size_t i = 0; i < count; ++i)
    {
        auto* const instruction = qemu_plugin_tb_get_insn(block, i);
        if (!counter.started && begins_with(instruction, counter.start))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, start_reached, QEMU_PLUGIN_CB_NO_REGS, nullptr);
        else if (!counter.ended && begins_with(instruction, counter.end))
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, end_reached, QEMU_PLUGIN_CB_NO_REGS, nullptr);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &counter.executed, 1);
    }
}

bool read_option(std::string_view option)
{
    auto const value = option.substr(std::min(option.size(), option.find('=') + 1));
    if (option.starts_with("out="))
        counter.file = value;
    else if (option.starts_with("start="))
        return read_hexadecimal(value, counter.start);
    else if (option.starts_with("end="))
        return read_hexadecimal(value, counter.end);
    else
        return false;
    return true;
}

} // namespace

extern "C" [[gnu::visibility("default")]] const int qemu_plugin_version = 1;

extern "C" [[gnu::visibility("default")]] int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t*, int count,
                                                                  char** options)
{
    for (int i = 0; i < count; ++i)
    {
        if (!read_option(options[i]))
            return 1;
    }
    if (counter.file.empty() || counter.start.empty() || counter.end.empty())
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
