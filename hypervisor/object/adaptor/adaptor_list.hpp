#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "base/static_vector.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/collector/roots.hpp"

namespace ovm::object
{

/// The adaptors there are. Their slots are roots of the collector.
/// Concurrency: the core where swaps run, whose heap has this as a source.
/// Lifetime:    an adaptor's slots are empty before it is removed.
class Adaptor_list final : public Root_source
{
public:
    static constexpr std::size_t capacity = 272;

    /// Before the adaptor has a policy. Error::full.
    Result<> add(Adaptor& adaptor) { return adaptors_.push_back(&adaptor); }
    void remove(Adaptor& adaptor);
    /// Nothing when there is none of that name.
    Adaptor* find(std::string_view resource) const;
    std::span<Adaptor* const> items() const { return adaptors_.items(); }

    std::optional<std::size_t> scan(std::size_t cursor, std::size_t most, Root_visitor& visitor) override;

private:
    Static_vector<Adaptor*, capacity> adaptors_{};
    std::size_t next_ = 0; ///< where the scan goes on: it moves with what lies there
};

} // namespace ovm::object
