#include "object/adaptor/adaptor_list.hpp"

namespace ovm::object
{

namespace
{

/// Places of a scan: each adaptor has so many, more than any has slots.
constexpr std::size_t stride = 1024;

} // namespace

void Adaptor_list::remove(Adaptor& adaptor)
{
    for (std::size_t i = 0; i < adaptors_.size(); ++i)
    {
        if (adaptors_[i] != &adaptor)
            continue;
        if (i < next_ / stride)
            next_ -= stride;
        else if (i == next_ / stride)
            next_ = i * stride;
        return adaptors_.erase(i);
    }
}

Adaptor* Adaptor_list::find(std::string_view resource) const
{
    for (auto* const adaptor : adaptors_)
    {
        if (adaptor->resource() == resource)
            return adaptor;
    }
    return nullptr;
}

std::optional<std::size_t> Adaptor_list::scan(std::size_t cursor, std::size_t most, Root_visitor& visitor)
{
    if (cursor != 0)
        cursor = next_; // those behind what was removed have moved
    for (; most != 0; --most)
    {
        auto const index = cursor / stride;
        if (index == adaptors_.size())
            return {};
        auto const& adaptor = *adaptors_[index];
        if (auto const slot = cursor % stride; slot < adaptor.slots())
        {
            visitor.visit(adaptor.slot(slot));
            ++cursor;
        }
        else
            cursor = (index + 1) * stride;
    }
    return next_ = cursor;
}

} // namespace ovm::object
