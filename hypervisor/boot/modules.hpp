#pragma once

#include <span>
#include <string_view>

#include "base/static_vector.hpp"
#include "interface/boot/archive.hpp"
#include "loader/loader.hpp"

namespace ovm::boot
{

class Policies;

/// Modules on this computer: the site's keys and the files come with the boot archive.
/// Concurrency: core 0.
/// Lifetime:    as long as the machine.
class Modules final : private loader::Loader_owner
{
public:
    static constexpr std::size_t most_keys = 16;
    using Keys = Static_vector<loader::Signature_check::Key, most_keys>;

    /// `storage` and `frames` as loader::Loader's.
    Modules(Policies& policies, const interface::Archive& archive, object::Storage& storage);
    Modules(const Modules&) = delete;
    Modules& operator=(const Modules&) = delete;

    loader::Loader& loader() { return loader_; }
    /// Begins to load a file of the archive's `modules/`. Error::not_found, or what is wrong with the archive.
    Result<> load(std::string_view file);
    /// A new adaptor learns of what is loaded.
    void offer_to(object::Adaptor& adaptor);
    std::span<object::Adaptor* const> adaptors() const override;

private:
    object::Swap* free_swap() override;

    Policies& policies_;
    const interface::Archive& archive_;
    Keys keys_;
    loader::Loader loader_;
};

} // namespace ovm::boot
