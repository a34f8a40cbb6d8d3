#pragma once

#include <span>
#include <string_view>

#include "base/static_vector.hpp"
#include "interface/boot/archive.hpp"
#include "loader/loader.hpp"

namespace ovm::boot
{

class Policies;

/// Modules on this computer: the site's keys, lists of them, and modules come with the boot archive, or over the second
/// serial line.
/// Concurrency: core 0.
/// Lifetime:    as long as the machine.
class Modules final : private loader::Loader_owner
{
public:
    using Keys = Static_vector<loader::Key_ring::Key, loader::Key_ring::most_trusted>;

    /// `storage` as loader::Loader's. The lists of keys of the archive are in force from then on.
    Modules(Policies& policies, const interface::Archive& archive, object::Storage& storage);
    Modules(const Modules&) = delete;
    Modules& operator=(const Modules&) = delete;

    loader::Loader& loader() { return loader_; }
    // Begins to take a file of the archive's `modules/` or `keys/`. Error::not_found, or what is wrong with the
    // archive.
    Result<loader::Loader::Number> load(std::string_view file);
    Result<loader::Loader::Number> take_keys(std::string_view file);
    /// A new adaptor learns of what is loaded.
    void offer_to(object::Adaptor& adaptor);
    std::span<object::Adaptor* const> adaptors() const override;

private:
    object::Swap* free_swap() override;
    Result<std::span<const std::uint8_t>> find(std::string_view folder, std::string_view file) const;
    void take_lists();

    Policies& policies_;
    const interface::Archive& archive_;
    loader::Loader loader_;
};

} // namespace ovm::boot
