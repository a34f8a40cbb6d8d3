// A plugin for QEMU that counts how many instructions each crossing takes: what a core executes of OVM between leaving
// a guest (or waking up) and entering one (or sleeping). What guests execute does not count.
//
//     -plugin crossing_counter.so,out=FILE,places=FILE
//
// `places` names addresses, hexadecimal, one a line:
//
//     text BEGIN END          OVM's code
//     turn AT                 a crossing begins here, although the core neither slept nor ran a guest
//     skip AT                 a crossing that comes by here is not counted: it is meant to last
//     end AT                  the machine is about to end
//     kind AT NAME            a crossing that comes by here is of this kind; the last kind in the file wins
//     span BEGIN END NAME     what one core executes of OVM from one place to the other
//
// At the end, FILE has a line for each kind and span that was seen: its times, the sum and the longest,
// then its name.
#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "counter/plugin_interface.hpp"

namespace
{

constexpr std::size_t most_processors = 64;

struct Tally
{
    std::string name{};
    std::uint64_t times = 0;
    std::uint64_t sum = 0;
    std::uint64_t longest = 0;

    void add(std::uint64_t length)
    {
        ++times;
        sum += length;
        longest = std::max(longest, length);
    }
};

struct Kind
{
    std::uint64_t at = 0;
    std::size_t tally = 0;
};

struct Span
{
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Tally tally{};
    unsigned processor = most_processors; ///< that is inside of it; none: most_processors
    std::uint64_t from = 0;
};

struct Processor
{
    std::uint64_t executed = 0; ///< of OVM, ever
    std::uint64_t begun = 0;    ///< value of `executed` when the crossing began
    std::size_t kind = 0;       ///< rank of the highest place of this crossing; 0: none
    bool counts = false;        ///< a crossing has begun since the core started
};

// The interface calls plain functions, and there is one computer.
struct Counter
{
    std::string file{};
    std::uint64_t text_begin = 0;
    std::uint64_t text_end = 0;
    std::uint64_t turn = 0;
    std::uint64_t end = 0;
    std::vector<std::uint64_t> skips{};
    std::vector<Kind> kinds{}; ///< by rank - 1
    std::vector<Tally> tallies{{.name = "turn"}};
    std::vector<Span> spans{};
    std::array<Processor, most_processors> processors{};
    std::mutex mutex{};
};

Counter counter{};

std::uint64_t number_in(void* data)
{
    return reinterpret_cast<std::uint64_t>(data);
}

void executed(unsigned processor, void*)
{
    ++counter.processors[processor].executed;
}

void end_crossing(unsigned index)
{
    auto& processor = counter.processors[index];
    if (processor.counts && processor.executed != processor.begun)
    {
        std::lock_guard const guard(counter.mutex);
        auto const tally = processor.kind == 0 ? 0 : counter.kinds[processor.kind - 1].tally;
        counter.tallies[tally].add(processor.executed - processor.begun);
    }
    processor.begun = processor.executed;
    processor.kind = 0;
    processor.counts = true;
}

void boundary_reached(unsigned index, void*)
{
    end_crossing(index);
}

void skip_reached(unsigned index, void*)
{
    counter.processors[index].counts = false;
}

void kind_reached(unsigned index, void* rank)
{
    auto& kind = counter.processors[index].kind;
    kind = std::max<std::size_t>(kind, number_in(rank));
}

void span_begun(unsigned index, void* which)
{
    std::lock_guard const guard(counter.mutex);
    auto& span = counter.spans[number_in(which)];
    span.processor = index;
    span.from = counter.processors[index].executed;
}

void span_ended(unsigned index, void* which)
{
    std::lock_guard const guard(counter.mutex);
    auto& span = counter.spans[number_in(which)];
    if (span.processor != index)
        return;
    span.tally.add(counter.processors[index].executed - span.from);
    span.processor = most_processors;
}

void end_reached(unsigned, void*)
{
    std::lock_guard const guard(counter.mutex);
    std::ofstream out(counter.file);
    auto const print = [&](const Tally& tally)
    {
        if (tally.times != 0)
            out << tally.times << ' ' << tally.sum << ' ' << tally.longest << ' ' << tally.name << '\n';
    };
    std::ranges::for_each(counter.tallies, print);
    std::ranges::for_each(counter.spans, print, &Span::tally);
}

/// VMRUN and HLT end a crossing (APM volume 3).
bool leaves(const qemu_plugin_insn* instruction)
{
    constexpr std::array<unsigned char, 3> vmrun{0x0F, 0x01, 0xD8};
    constexpr std::array<unsigned char, 1> halt{0xF4};
    auto const* const code = qemu_plugin_insn_haddr(instruction);
    auto const is = [&](auto const& bytes)
    {
        return qemu_plugin_insn_size(instruction) == bytes.size() && std::memcmp(code, bytes.data(), bytes.size()) == 0;
    };
    return code != nullptr && (is(vmrun) || is(halt));
}

void translated(qemu_plugin_id_t, qemu_plugin_tb* block)
{
    auto const call = [](qemu_plugin_insn* instruction, qemu_plugin_vcpu_udata_cb_t function, std::uint64_t data = 0)
    {
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, function, QEMU_PLUGIN_CB_NO_REGS,
                                               reinterpret_cast<void*>(data));
    };
    auto const count = qemu_plugin_tb_n_insns(block);
    for (std::size_t i = 0; i < count; ++i)
    {
        auto* const instruction = qemu_plugin_tb_get_insn(block, i);
        auto const at = qemu_plugin_insn_vaddr(instruction);
        if (at < counter.text_begin || at >= counter.text_end)
            continue;
        if (at == counter.turn || leaves(instruction))
            call(instruction, boundary_reached);
        if (std::ranges::find(counter.skips, at) != counter.skips.end())
            call(instruction, skip_reached);
        if (at == counter.end)
            call(instruction, end_reached);
        for (std::size_t rank = 1; rank <= counter.kinds.size(); ++rank)
        {
            if (counter.kinds[rank - 1].at == at)
                call(instruction, kind_reached, rank);
        }
        for (std::size_t which = 0; which < counter.spans.size(); ++which)
        {
            if (counter.spans[which].begin == at)
                call(instruction, span_begun, which);
            if (counter.spans[which].end == at)
                call(instruction, span_ended, which);
        }
        call(instruction, executed);
    }
}

std::size_t tally_of(std::string_view name)
{
    auto const found = std::ranges::find(counter.tallies, name, &Tally::name);
    if (found != counter.tallies.end())
        return static_cast<std::size_t>(found - counter.tallies.begin());
    counter.tallies.push_back({.name = std::string(name)});
    return counter.tallies.size() - 1;
}

bool read_places(const std::string& path)
{
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line))
    {
        std::istringstream words(line);
        std::string what;
        std::uint64_t first = 0;
        std::uint64_t second = 0;
        std::string name;
        words >> what >> std::hex >> first;
        if (what == "text" || what == "span")
            words >> second;
        std::getline(words >> std::ws, name);
        if (what == "text")
        {
            counter.text_begin = first;
            counter.text_end = second;
        }
        else if (what == "turn")
            counter.turn = first;
        else if (what == "end")
            counter.end = first;
        else if (what == "skip")
            counter.skips.push_back(first);
        else if (what == "kind" && !name.empty())
            counter.kinds.push_back({first, tally_of(name)});
        else if (what == "span" && !name.empty())
            counter.spans.push_back({.begin = first, .end = second, .tally = {.name = name}});
        else
            return false;
    }
    return counter.text_end != 0 && counter.turn != 0 && counter.end != 0;
}

} // namespace

extern "C" [[gnu::visibility("default")]] const int qemu_plugin_version = 1;

extern "C" [[gnu::visibility("default")]] int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t*, int count,
                                                                  char** options)
{
    std::string places;
    for (int i = 0; i < count; ++i)
    {
        std::string_view const option = options[i];
        if (option.starts_with("out="))
            counter.file = option.substr(4);
        else if (option.starts_with("places="))
            places = option.substr(7);
        else
            return 1;
    }
    if (counter.file.empty() || !read_places(places))
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
