#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "arch/nested_table.hpp"

namespace
{

using namespace ovm;
using arch::Nested_leaf;
using arch::Nested_rights;

constexpr std::uint64_t present = 1;
constexpr std::uint64_t writable = 2;
constexpr std::uint64_t user = 4;
constexpr std::uint64_t large = 0x80;
constexpr std::uint64_t no_execute = std::uint64_t{1} << 63;
constexpr std::uint64_t frame_mask = 0x000f'ffff'ffff'f000;

/// What a processor would see: a leaf with its rights.
struct Seen
{
    std::uint64_t frame = 0;
    unsigned order = 0;
    bool write = false;
    bool execute = false;
    bool operator==(const Seen&) const = default;
};
using View = std::map<std::uint64_t, Seen>;

/// Memory of tables that looks at the whole tree after every single store, as a processor might walk it just then.
class Recorder final : public arch::Table_pages
{
public:
    Result<Host_physical> take() override
    {
        if (left == 0)
            return Error::no_memory;
        --left;
        auto const page = next_;
        next_ += 0x1000;
        tables[page] = {};
        return Host_physical(page);
    }
    void give(Host_physical page) override
    {
        EXPECT_EQ(tables.erase(page.value()), 1u) << "a table goes back once";
        ++left;
        if (root != 0 && page.value() != root && !dismantling_top)
            EXPECT_FALSE(reachable().contains(page.value())) << "a table goes back while an entry names it";
    }

    void stored()
    {
        ++stores;
        if (root == 0 || !tables.contains(root))
            return;
        views.push_back(view());
    }

    /// Every entry is well formed and names a live table or an owned frame.
    View view() const
    {
        View result;
        walk(root, 39, 0, result);
        return result;
    }

    std::set<std::uint64_t> reachable() const
    {
        std::set<std::uint64_t> found{root};
        for (bool grown = true; grown;)
        {
            auto const before = found.size();
            for (auto const page : std::set<std::uint64_t>(found))
            {
                if (!tables.contains(page))
                    continue;
                for (auto const value : tables.at(page))
                {
                    if ((value & present) != 0 && tables.contains(value & frame_mask))
                        found.insert(value & frame_mask);
                }
            }
            grown = found.size() != before;
        }
        return found;
    }

    std::map<std::uint64_t, std::array<std::uint64_t, 512>> tables;
    std::vector<View> views;
    std::uint64_t root = 0;
    std::uint64_t left = 10'000;
    std::uint64_t stores = 0;
    bool dismantling_top = false;

private:
    void walk(std::uint64_t table, unsigned shift, std::uint64_t base, View& into) const
    {
        ASSERT_TRUE(tables.contains(table)) << "an entry names a table that is not there";
        for (std::uint64_t i = 0; i < 512; ++i)
        {
            auto const value = tables.at(table)[i];
            if ((value & present) == 0)
                continue;
            ASSERT_NE(value & user, 0u) << "nested entries are user pages";
            auto const at = base + (i << shift);
            if (shift > 12 && (value & large) == 0)
            {
                ASSERT_NE(value & writable, 0u);
                ASSERT_EQ(value & no_execute, 0u);
                walk(value & frame_mask, shift - 9, at, into);
                continue;
            }
            ASSERT_LT(shift, 39u) << "no large pages at the top";
            if (shift == 12)
                ASSERT_EQ(value & large, 0u) << "bit 7 is a cache type in a 4 KiB entry";
            auto const frame = value & frame_mask;
            ASSERT_EQ(frame & ((std::uint64_t{1} << shift) - 1), 0u) << "reserved bits";
            into[at] = {frame, shift - 12, (value & writable) != 0, (value & no_execute) == 0};
        }
    }

    std::uint64_t next_ = 0x10'0000'0000;
};

Recorder* recorder = nullptr;

struct Recording_entries
{
    static std::uint64_t load(Host_physical table, std::uint64_t index)
    {
        return recorder->tables.at(table.value()).at(index);
    }
    static void store(Host_physical table, std::uint64_t index, std::uint64_t value)
    {
        recorder->tables.at(table.value()).at(index) = value;
        recorder->stored();
    }
};

using Table = arch::Basic_nested_table<Recording_entries>;

/// The same translation everywhere, whatever the page sizes.
bool same_translation(const View& left, const View& right)
{
    auto const expand = [](const View& view)
    {
        std::map<std::uint64_t, Seen> pages;
        for (auto const& [at, seen] : view)
        {
            // 2 MiB is fine enough for pages of 1 GiB, 4 KiB below.
            auto const step = seen.order == 18 ? 9u : 0u;
            for (std::uint64_t i = 0; i < std::uint64_t{1} << seen.order; i += std::uint64_t{1} << step)
                pages[at + (i << 12)] = {seen.frame + (i << 12), 0, seen.write, seen.execute};
        }
        return pages;
    };
    auto const a = expand(left);
    auto const b = expand(right);
    auto const& few = a.size() < b.size() ? a : b;
    auto const& many = a.size() < b.size() ? b : a;
    for (auto const& [at, seen] : few)
    {
        auto const other = many.find(at);
        if (other == many.end() || !(other->second == seen))
            return false;
    }
    return true;
}

class Nested_table_test : public testing::Test
{
protected:
    Nested_table_test()
    {
        recorder = &pages_;
        auto table = Table::create(pages_);
        EXPECT_TRUE(table);
        table_.emplace(*table);
        pages_.root = table_->root().value();
    }

    Recorder pages_;
    std::optional<Table> table_;
};

TEST_F(Nested_table_test, MapAddsExactlyOneLeafInItsLastStore)
{
    std::mt19937_64 random(1);
    for (int i = 0; i < 200; ++i)
    {
        auto const order = std::array{0u, 0u, 9u, 18u}[random() % 4];
        auto const size = std::uint64_t{0x1000} << order;
        Guest_physical const at((random() % (std::uint64_t{1} << 34)) / size * size);
        Host_physical const frame((random() % (std::uint64_t{1} << 40)) / size * size);
        auto const before = pages_.view();
        pages_.views.clear();
        auto const room = table_->has_room(at, order);
        auto const mapped = table_->map(at, frame, order, {.write = i % 2 == 0, .execute = i % 3 == 0});
        EXPECT_EQ(mapped.has_value(), room);
        if (!mapped)
        {
            EXPECT_EQ(mapped.error(), Error::exists);
            EXPECT_EQ(pages_.view(), before);
            continue;
        }
        for (std::size_t k = 0; k + 1 < pages_.views.size(); ++k)
            ASSERT_EQ(pages_.views[k], before) << "only the last store makes a difference";
        auto after = before;
        after[at.value()] = {frame.value(), order, i % 2 == 0, i % 3 == 0};
        ASSERT_EQ(pages_.views.back(), after);
        ASSERT_EQ(table_->translate(at + Bytes(size - 1)).value(), frame + Bytes(size - 1));
    }
}

TEST_F(Nested_table_test, SplitNeverChangesATranslation)
{
    ASSERT_TRUE(table_->map(Guest_physical{0x4000'0000}, Host_physical{0x8000'0000}, 18, {.write = false}));
    ASSERT_TRUE(table_->map(Guest_physical{0x20'0000}, Host_physical{0x40'0000}, 9, {.execute = false}));
    auto const before = pages_.view();
    for (auto const at : {Guest_physical{0x7fff'f000}, Guest_physical{0x7fff'f000}, Guest_physical{0x3f'f000}})
    {
        pages_.views.clear();
        ASSERT_TRUE(table_->split(at));
        ASSERT_EQ(pages_.views.size(), 513u);
        ASSERT_TRUE(same_translation(before, pages_.views.front()));
        ASSERT_TRUE(same_translation(before, pages_.views[511])) << "the new table is complete before it is named";
        ASSERT_TRUE(same_translation(before, pages_.views.back()));
    }
    EXPECT_EQ(table_->split(Guest_physical{0x7fff'f000}).error(), Error::invalid);
    EXPECT_EQ(table_->split(Guest_physical{0}).error(), Error::not_present);
    EXPECT_EQ(pages_.view().size(), 511u + 512 + 512);
}

TEST_F(Nested_table_test, UnmapAndProtectAreOneStoreEach)
{
    ASSERT_TRUE(table_->map(Guest_physical{0x20'0000}, Host_physical{0x40'0000}, 9, {}));
    auto const stores = pages_.stores;
    EXPECT_TRUE(*table_->protect(Guest_physical{0x20'1234}, {.write = false}));
    EXPECT_TRUE(*table_->protect(Guest_physical{0x20'1234}, {.write = true, .execute = false}));
    EXPECT_FALSE(*table_->protect(Guest_physical{0x20'1234}, {})) << "widening needs no flush";
    auto const leaf = table_->unmap(Guest_physical{0x2f'ffff});
    ASSERT_TRUE(leaf);
    EXPECT_EQ(leaf->at, Guest_physical{0x20'0000});
    EXPECT_EQ(leaf->frame, Host_physical{0x40'0000});
    EXPECT_EQ(leaf->order, 9u);
    EXPECT_EQ(pages_.stores, stores + 4);
    EXPECT_TRUE(pages_.view().empty());
    EXPECT_FALSE(table_->unmap(Guest_physical{0x20'0000}));
    EXPECT_EQ(table_->protect(Guest_physical{0}, {}).error(), Error::not_present);
    EXPECT_EQ(table_->translate(Guest_physical{~std::uint64_t{0}}).error(), Error::not_present);
    EXPECT_FALSE(table_->unmap(Guest_physical{std::uint64_t{1} << 39}));
}

TEST_F(Nested_table_test, WithoutMemoryNothingChanges)
{
    pages_.left = 1;
    EXPECT_EQ(table_->map(Guest_physical{0}, Host_physical{0x1000}, 0, {}).error(), Error::no_memory);
    EXPECT_TRUE(pages_.view().empty());
    pages_.left = 1;
    ASSERT_TRUE(table_->map(Guest_physical{0}, Host_physical{0x1000}, 0, {})) << "the table that waits is used";
    ASSERT_TRUE(table_->map(Guest_physical{0x4000'0000}, Host_physical{0x4000'0000}, 18, {}));
    auto const before = pages_.view();
    EXPECT_EQ(table_->split(Guest_physical{0x4000'0000}).error(), Error::no_memory);
    EXPECT_EQ(pages_.view(), before);
}

TEST_F(Nested_table_test, ReleaseInSlicesGivesEachPageAndTableOnce)
{
    View expected;
    std::mt19937_64 random(2);
    for (int i = 0; i < 300; ++i)
    {
        auto const order = std::array{0u, 0u, 0u, 9u, 18u}[random() % 5];
        auto const size = std::uint64_t{0x1000} << order;
        Guest_physical const at((random() % (std::uint64_t{1} << 39)) / size * size);
        if (table_->map(at, Host_physical(at.value()), order, {}))
            expected[at.value()] = {at.value(), order, true, true};
    }
    ASSERT_TRUE(table_->map(Guest_physical{(std::uint64_t{1} << 39) - 0x1000}, Host_physical{0x5000}, 0, {}));
    expected[(std::uint64_t{1} << 39) - 0x1000] = {0x5000, 0, true, true};

    pages_.root = 0; // no processor looks at the tree any more
    View given;
    Guest_physical cursor{};
    std::uint64_t slices = 0;
    auto const each = [&given](const Nested_leaf& leaf)
    { EXPECT_TRUE(given.emplace(leaf.at.value(), Seen{leaf.frame.value(), leaf.order, true, true}).second); };
    for (bool done = false; !done; ++slices)
    {
        auto const before = given.size();
        done = table_->release_some(cursor, 7, each);
        ASSERT_LE(given.size() - before, 7u);
    }
    EXPECT_EQ(given, expected);
    EXPECT_TRUE(pages_.tables.empty());
    EXPECT_GT(slices, 100u);
}

} // namespace
