#include <algorithm>
#include <memory>
#include <vector>

#include "object/adaptor/adaptor_list.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/object_fixture.hpp"
#include "object/swapped.hpp"

namespace ovm::test
{
namespace
{

class Seen_slots final : public object::Root_visitor
{
public:
    void visit(const object::Traced_reference& reference) override { slots.push_back(&reference); }
    bool has_all_of(const object::Adaptor& adaptor) const
    {
        for (std::size_t i = 0; i < adaptor.slots(); ++i)
        {
            if (!std::ranges::contains(slots, &adaptor.slot(i)))
                return false;
        }
        return true;
    }
    std::vector<const object::Traced_reference*> slots{};
};

/// Whatever is removed in the middle of a scan, who stays is seen, and the scan ends.
TEST(Adaptor_list, AScanSeesWhoStays)
{
    constexpr std::size_t count = 4;
    for (std::size_t removed = 0; removed < count; ++removed)
    {
        for (unsigned after = 0; after < 14; ++after)
        {
            SCOPED_TRACE(removed);
            SCOPED_TRACE(after);
            object::Quota quota{Bytes(4096)};
            Swapped_gate gate{};
            object::No_state<Swapped> source{};
            object::Adaptor_list list;
            std::vector<std::unique_ptr<object::Shared_adaptor<Swapped>>> adaptors;
            for (std::size_t i = 0; i < count; ++i)
            {
                adaptors.push_back(std::make_unique<object::Shared_adaptor<Swapped>>(
                    "swapped", std::span<const std::string_view>{}, quota, gate, source));
                ASSERT_TRUE(list.add(*adaptors.back()));
            }
            Seen_slots seen;
            std::optional<std::size_t> cursor = 0;
            unsigned steps = 0;
            for (; cursor && steps < 100; ++steps)
            {
                if (steps == after)
                    list.remove(*adaptors[removed]);
                cursor = list.scan(*cursor, 1, seen);
            }
            EXPECT_LT(steps, 20u);
            for (std::size_t i = 0; i < count; ++i)
                EXPECT_TRUE(i == removed || seen.has_all_of(*adaptors[i])) << i;
        }
    }
}

} // namespace
} // namespace ovm::test
