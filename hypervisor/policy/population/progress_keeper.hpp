#pragma once

#include "arch/lock.hpp"
#include "memory/population.hpp"

namespace ovm::policy
{

/// What all built-in populations have in common: they know how far they were told that memory is given, and
/// learn nothing of touches.
/// Concurrency: lock_.
class Progress_keeper : public memory::Population
{
public:
    Result<> export_state(memory::Population_state& state) final;
    Result<> import_state(memory::Population_state& state) final;

protected:
    /// `ahead`: it gives memory ahead of touches.
    explicit Progress_keeper(bool ahead) : ahead_(ahead) {}
    ~Progress_keeper() = default;

    void keep(const memory::Population_progress& progress);

private:
    Ranked_lock<Rank::scheduler> lock_;
    memory::Population_progress progress_ OVM_GUARDED_BY(lock_){};
    bool const ahead_;
};

} // namespace ovm::policy
