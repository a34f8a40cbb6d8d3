#pragma once

#include <span>
#include <string_view>

#include "base/static_vector.hpp"
#include "object/clustered/change.hpp"

namespace ovm::boot
{

/// The clustered objects of the machine by name: what a person sees of them and may change.
/// Concurrency: filled before the first core starts; then constant.
class Clustered_objects final
{
public:
    struct Entry
    {
        std::string_view name{};
        object::Changeable* object = nullptr;
    };

    /// The object stays as long as the machine. Error::full.
    Result<> add(std::string_view name, object::Changeable& object) { return entries_.push_back({name, &object}); }
    std::span<const Entry> entries() const { return entries_.items(); }
    /// Nothing when there is none of that name.
    object::Changeable* find(std::string_view name) const
    {
        for (auto const& entry : entries_)
        {
            if (entry.name == name)
                return entry.object;
        }
        return nullptr;
    }

private:
    Static_vector<Entry, 4> entries_{};
};

} // namespace ovm::boot
