#include "object/clustered/object_table.hpp"

#include <bit>

#include "arch/processor.hpp"
#include "base/bits.hpp"

namespace ovm::object
{

Result<arch::Object_slot> Object_table::take(void* stand_in)
{
    Lock_guard const guard(lock_);
    for (std::size_t looked = 0; looked < taken_.size(); ++looked)
    {
        auto const word = (next_ + looked) % taken_.size();
        if (taken_[word] == ~std::uint64_t{0})
            continue;
        auto const place = static_cast<unsigned>(std::countr_one(taken_[word]));
        taken_[word] |= bit(place);
        next_ = word;
        ++used_;
        auto const slot = arch::object_slot(word * 64 + place);
        for (std::uint32_t core = 0; core < arch::window_count(); ++core)
            arch::object_entry_of(Core_id(core), slot).store(stand_in, std::memory_order_release);
        return slot;
    }
    return Error::full;
}

void Object_table::give_back(arch::Object_slot slot)
{
    Lock_guard const guard(lock_);
    auto const index = arch::index_of(slot);
    OVM_REQUIRES_THAT(index < arch::object_slots && (taken_[index / 64] >> (index % 64) & 1) != 0);
    taken_[index / 64] &= ~bit(index % 64);
    --used_;
}

std::uint32_t Object_table::used() const
{
    Lock_guard const guard(lock_);
    return used_;
}

} // namespace ovm::object
