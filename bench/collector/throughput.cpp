#include <algorithm>
#include <string>

#include <mimalloc.h>
#include <sys/mman.h>

#include "collector/world.hpp"

namespace ovm::bench
{

namespace
{

constexpr std::size_t live = 20'000;
constexpr std::uint64_t operations = 4'000'000;
constexpr std::uint64_t warm_up = 1'000'000; ///< so that both have all the pages that they will use
constexpr std::uint64_t operations_a_crossing = 16;

/// An object with so much data; half of its kind refers to another one.
template <std::size_t bytes>
class Record;

class Record_base : public object::Collected
{
public:
    object::Traced<Record_base> link{};
    std::uint64_t number = 0;
};

template <std::size_t bytes>
class Record final : public Record_base
{
public:
    static constexpr std::string_view type_name = "record";
    OVM_TRACE_MAP
    explicit Record(std::uint64_t value) { number = value; }

    std::array<std::uint64_t, bytes / 8> data{};
};

struct Plain_base
{
    Plain_base* link = nullptr;
    std::uint64_t number = 0;
};

template <std::size_t bytes>
struct Plain final : Plain_base
{
    explicit Plain(std::uint64_t value) { number = value; }
    std::array<std::uint64_t, bytes / 8> data{};
};

template <std::size_t bytes>
Record_base* collected(World& world, std::uint64_t number)
{
    auto made = object::allocate<Record<bytes>>(world.heap, world.quota, number);
    return made ? *made : nullptr;
}

template <std::size_t bytes>
Plain_base* plain(std::uint64_t number)
{
    return ::new (mi_malloc(sizeof(Plain<bytes>))) Plain<bytes>(number);
}

struct Collected_run
{
    double took; ///< ms
    Bytes memory;
};

/// Replaces objects of 32 to 272 bytes, at random places of a table, each by a new one of another size.
Collected_run run_collected()
{
    World world;
    Table<Record_base> table(live);
    world.heap.add(table);
    Random random;
    double begin = 0;
    for (std::uint64_t i = 0; i < operations + warm_up; ++i)
    {
        if (i == warm_up)
            begin = now_ms();
        auto const choice = random();
        Record_base* object = nullptr;
        switch (choice % 4)
        {
        case 0:
            object = collected<16>(world, i);
            break;
        case 1:
            object = collected<48>(world, i);
            break;
        case 2:
            object = collected<112>(world, i);
            break;
        case 3:
            object = collected<256>(world, i);
            break;
        }
        if (object == nullptr)
            std::abort();
        table.slots[(choice >> 8) % live] = object;
        if (i % operations_a_crossing == 0)
        {
            do
                world.heap.safe_point();
            while (world.heap.slice());
        }
    }
    auto const took = now_ms() - begin;
    world.heap.leave();
    return {.took = took, .memory = world.pages.most()};
}

double run_mimalloc()
{
    std::vector<Plain_base*> table(live);
    Random random;
    double begin = 0;
    for (std::uint64_t i = 0; i < operations + warm_up; ++i)
    {
        if (i == warm_up)
            begin = now_ms();
        auto const choice = random();
        Plain_base* object = nullptr;
        switch (choice % 4)
        {
        case 0:
            object = plain<16>(i);
            break;
        case 1:
            object = plain<48>(i);
            break;
        case 2:
            object = plain<112>(i);
            break;
        case 3:
            object = plain<256>(i);
            break;
        }
        auto& slot = table[(choice >> 8) % live];
        mi_free(slot);
        slot = object;
    }
    auto const took = now_ms() - begin;
    for (auto* const object : table)
        mi_free(object);
    return took;
}

/// Both get their memory in pages of 2 MiB, as the hypervisor has it in its direct map.
void use_large_pages()
{
    mi_option_enable(mi_option_large_os_pages);
    auto const bytes = arch::physical_bytes(Host_physical(0), Bytes{std::uint64_t{64} << 20});
    if (madvise(bytes.data(), bytes.size(), MADV_HUGEPAGE) != 0)
        std::perror("throughput: no large pages");
}

} // namespace

void measure_throughput(Pages_of memory)
{
    std::string const suffix = memory == Pages_of::large ? "-large-pages" : "";
    if (memory == Pages_of::large)
        use_large_pages();
    std::vector<double> ours;
    std::vector<double> theirs;
    Bytes taken{};
    for (int round = 0; round < 9; ++round)
    {
        auto const run = run_collected();
        ours.push_back(run.took);
        taken = std::max(taken, run.memory);
        theirs.push_back(run_mimalloc());
    }
    std::vector<double> ratios;
    for (std::size_t round = 0; round < ours.size(); ++round)
        ratios.push_back(ours[round] / theirs[round]);
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    std::ranges::sort(ratios);
    // The two of a round ran one after the other: what others took of the caches, both missed.
    figure("collector-ns-per-object" + suffix, ours[ours.size() / 2] * 1e6 / operations);
    figure("mimalloc-ns-per-object" + suffix, theirs[theirs.size() / 2] * 1e6 / operations);
    figure("throughput-ratio" + suffix, ratios[ratios.size() / 2]);
    figure("collector-bytes-per-live-object" + suffix, static_cast<double>(taken.value()) / live);
}

} // namespace ovm::bench

#include "collector/throughput.generated.hpp"
