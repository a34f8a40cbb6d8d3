#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#include "sharing/operations.hpp"
#include "sharing/plot.hpp"
#include "sharing/tracer.hpp"

namespace ovm::bench
{

namespace
{

/// Before anything is traced, so that what is made at first use is there.
constexpr unsigned warm_up = 200;
constexpr unsigned rounds = 8;

/// The most cache lines in one operation that some core writes and another one touches in the same time.
std::uint64_t shared_lines(Operation operation, std::uint32_t count)
{
    auto const made = std::make_unique<Cores>(count); // the stack is not traced
    auto& cores = *made;
    for (unsigned round = 0; round < warm_up; ++round)
    {
        for (std::uint32_t core = 0; core < count; ++core)
            cores.perform(operation, core);
    }
    std::vector<std::vector<Touched>> traced;
    for (unsigned round = 0; round < rounds; ++round)
    {
        for (std::uint32_t core = 0; core < count; ++core)
            traced.push_back(trace([&] { cores.perform(operation, core); }));
    }
    struct Line
    {
        std::uint64_t cores = 0;
        bool written = false;
    };
    std::map<std::uint64_t, Line> lines;
    for (auto const& one : traced)
    {
        for (auto const& touched : one)
        {
            lines[touched.line].cores |= std::uint64_t{1} << touched.core;
            lines[touched.line].written |= touched.written;
        }
    }
    std::uint64_t most = 0;
    for (auto const& one : traced)
    {
        std::map<std::uint64_t, bool> shared;
        for (auto const& touched : one)
        {
            auto const& line = lines[touched.line];
            if (line.written && std::popcount(line.cores) > 1)
                shared[touched.line] = true;
        }
        most = std::max<std::uint64_t>(most, shared.size());
    }
    return most;
}

int measure(const char* plot_file)
{
    std::vector<Series> series;
    for (auto const operation : operations)
    {
        Series one{.name = std::string(name_of(operation))};
        for (std::uint32_t count = 1; count <= most_cores; count *= 2)
        {
            auto const lines = shared_lines(operation, count);
            one.values.push_back(static_cast<double>(lines));
            std::printf("bench: sharing-%s-%u %llu\n", one.name.c_str(), count, static_cast<unsigned long long>(lines));
        }
        series.push_back(std::move(one));
    }
    if (plot_file == nullptr)
        return 0;
    auto* const file = std::fopen(plot_file, "w");
    if (file == nullptr)
    {
        std::perror(plot_file);
        return 1;
    }
    auto const drawn = plot("cache lines per operation that one core writes and another touches", series);
    std::fwrite(drawn.data(), 1, drawn.size(), file);
    return std::fclose(file) == 0 ? 0 : 1;
}

} // namespace

} // namespace ovm::bench

/// Prints `bench: NAME VALUE` lines; bench/objects reads them. With a word, the plot goes to that file.
int main(int count, char** words)
{
    return ovm::bench::measure(count > 1 ? words[1] : nullptr);
}
