// Modules that decide on memory: of real pools and real guests' memory on the hosted port, so that the frames are those
// that the machine would give.
#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "colouring/colouring.hpp"
#include "memory/guest_memory.hpp"
#include "modules/cases.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/population/lazy.hpp"
#include "support/step_counter.hpp"
#include "working-set/working_set.hpp"

namespace ovm::bench
{

namespace
{

constexpr Bytes guest_size{std::uint64_t{512} << 20};
constexpr std::uint64_t guest_pages = guest_size.value() / page_size.value();

using Touches = std::vector<std::uint64_t>; ///< pages, in order

Touches stream(std::uint64_t first, std::uint64_t pages)
{
    Touches touches;
    for (std::uint64_t i = 0; i < pages; ++i)
        touches.push_back(first + i);
    return touches;
}

Touches downwards(std::uint64_t first, std::uint64_t pages)
{
    auto touches = stream(first, pages);
    std::ranges::reverse(touches);
    return touches;
}

/// Everything in there, in any order.
Touches heap(std::uint64_t first, std::uint64_t pages)
{
    auto touches = stream(first, pages);
    std::ranges::shuffle(touches, std::mt19937_64(1));
    return touches;
}

Touches scattered(std::uint64_t pages)
{
    std::mt19937_64 random(2);
    std::set<std::uint64_t> all;
    while (all.size() < pages)
        all.insert(random() % guest_pages);
    Touches touches(all.begin(), all.end());
    std::ranges::shuffle(touches, random);
    return touches;
}

struct Given
{
    std::uint64_t exits = 0; ///< touches of what was not there
    std::uint64_t pages = 0;
};

Given give(memory::Population& population, const Touches& touches)
{
    arch::hosted::reset();
    memory::Frame_pool pool;
    static_cast<void>(
        pool.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{127 << 20}}}));
    policy::First_touch_allocator frames(pool);
    memory::Guest_memory memory(frames, Node_id{0}, guest_size, population);
    static_cast<void>(memory.open());
    Given given;
    for (auto const page : touches)
    {
        Guest_physical const at(page * page_size.value());
        if (memory.translate(at))
            continue;
        ++given.exits;
        static_cast<void>(memory.populate(at));
    }
    given.pages = memory.progress().given.value();
    return given;
}

std::shared_ptr<memory::Population> working_set()
{
    std::array<std::uint64_t, 1> const values{16};
    return std::make_shared<modules::Working_set>(object::Values(values));
}

std::shared_ptr<memory::Population> lazy(std::uint64_t around)
{
    return std::make_shared<policy::Lazy_population>(policy::Lazy_population::Parameters{.around = Pages{around}});
}

void compare_touches(const std::string& what, const Touches& touches)
{
    auto const ours = give(*working_set(), touches);
    for (auto const& [name, around] : {std::pair{"lazy", 1u}, {"lazy around=4", 4u}})
    {
        auto const theirs = give(*lazy(around), touches);
        compare("working-set, " + what, "exits", ours.exits, name, theirs.exits);
        compare("working-set, " + what, "pages given", ours.pages, name, theirs.pages);
    }
    compare("working-set, " + what, "pages given", ours.pages, "eager", guest_pages);
}

/// Instructions of a decision, a page further each time.
std::uint64_t decision(const std::function<std::shared_ptr<memory::Population>()>& make)
{
    constexpr unsigned count = 100;
    auto const counts = count_instructions(
        [&]
        {
            auto const population = make();
            for (unsigned i = 0; i < count; ++i)
            {
                mark();
                asm volatile("" ::"r"(population->touched(Guest_physical(i * page_size.value()))->behind));
                mark();
            }
        });
    std::uint64_t sum = 0;
    for (auto const each : counts)
        sum += each;
    return sum / count;
}

/// A cache of 1 MiB that is indexed by address: 16 ways, lines of 64 bytes, the least recently used goes. A page can be
/// in 1 of 16 parts of it, so pages of 16 colours fill it.
class Cache
{
public:
    static constexpr std::uint64_t line = 64;
    static constexpr std::uint64_t sets = 1024;
    static constexpr std::uint64_t parts = sets * line / page_size.value();
    static constexpr std::size_t ways = 16;

    /// Whether it was there.
    bool read(std::uint64_t at)
    {
        auto& set = sets_[at / line % sets];
        auto const found = std::ranges::find(set, at / line);
        bool const hit = found != set.end();
        if (hit)
            set.erase(found);
        else if (set.size() == ways)
            set.pop_back();
        set.insert(set.begin(), at / line);
        return hit;
    }

private:
    std::array<std::vector<std::uint64_t>, sets> sets_{};
};

struct Neighbours_in_cache
{
    std::uint64_t shared = 0; ///< parts of the cache in which both have pages
    std::uint64_t misses = 0;
};

/// One VM reads its 384 KiB again and again, another one streams through 16 MiB meanwhile, four
/// times as fast.
Neighbours_in_cache in_cache(const std::function<std::shared_ptr<memory::Frame_policy>(memory::Frame_pool&)>& make)
{
    arch::hosted::reset();
    memory::Frame_pool pool;
    static_cast<void>(
        pool.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{127 << 20}}}));
    auto const policy = make(pool);
    memory::Chosen_frames frames(pool, *policy);
    policy::Lazy_population population;
    std::array<std::vector<std::uint64_t>, 2> pages;
    std::array<memory::Guest_memory, 2> vms{
        memory::Guest_memory{frames, Node_id{0}, Bytes{16 << 20}, population, Vm_id(1)},
        memory::Guest_memory{frames, Node_id{0}, Bytes{16 << 20}, population, Vm_id(2)}};
    std::array<std::set<std::uint64_t>, 2> parts;
    for (unsigned vm = 0; vm < 2; ++vm)
    {
        static_cast<void>(vms[vm].open());
        for (std::uint64_t page = 0; page < (vm == 0 ? 96u : 4096u); ++page)
        {
            Guest_physical const at(page * page_size.value());
            static_cast<void>(vms[vm].populate(at));
            pages[vm].push_back(vms[vm].translate(at)->value());
            parts[vm].insert(pages[vm].back() / page_size.value() % Cache::parts);
        }
    }
    Neighbours_in_cache result;
    for (auto const part : parts[0])
        result.shared += parts[1].contains(part);
    Cache cache;
    constexpr std::size_t stride = 4; // the other one is faster
    std::size_t streamed = 0;
    for (unsigned round = 0; round < 16; ++round)
    {
        for (auto const page : pages[0])
        {
            for (std::uint64_t at = 0; at < page_size.value(); at += Cache::line)
            {
                result.misses += !cache.read(page + at) && round != 0;
                for (std::size_t i = 0; i < stride; ++i)
                    cache.read(pages[1][(streamed + i) % pages[1].size()] + at);
            }
            streamed += stride;
        }
    }
    return result;
}

} // namespace

void compare_populations()
{
    compare_touches("a stream of 16 MiB", stream(1000, 4096));
    compare_touches("16 MiB downwards", downwards(1000, 4096));
    compare_touches("a heap of 4 MiB", heap(50'000, 1024));
    compare_touches("1000 pages of 512 MiB", scattered(1000));
    compare("working-set, a decision", "instructions", decision(working_set), "lazy", decision([] { return lazy(4); }));
}

void compare_frames()
{
    auto const ours = in_cache(
        [](memory::Frame_pool&)
        {
            std::array<std::uint64_t, 3> const values{2, 16, 1};
            return std::make_shared<modules::Colouring>(object::Values(values));
        });
    auto const theirs =
        in_cache([](memory::Frame_pool& pool) { return std::make_shared<policy::First_touch_frames>(pool); });
    compare("colouring, of 16 parts of a cache", "shared", ours.shared, "first-touch", theirs.shared);
    compare("colouring, beside a VM that streams", "misses", ours.misses, "first-touch", theirs.misses);
}

} // namespace ovm::bench
