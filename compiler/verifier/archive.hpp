#pragma once

#include <optional>
#include <string>

#include "proof.hpp"

namespace ovm::compiler::verifier
{

/// Entries that were proved, by all that their proofs depend on: the entry's slice of its module, the options, this
/// program and the solver. What failed is not kept: it is explained anew each time.
class Archive
{
public:
    explicit Archive(const std::string& folder) : folder_(folder) {}

    /// The name under which a proof of this entry is kept.
    static std::string key(const std::string& slice, const std::string& entry, const Options& options);
    std::optional<Proof> find(const std::string& key) const;
    void keep(const std::string& key, const Proof& proof) const;

private:
    std::string folder_; ///< none: nothing is kept
};

} // namespace ovm::compiler::verifier
