#pragma once

#include "base/static_vector.hpp"
#include "loader/module.hpp"
#include "loader/renewal.hpp"
#include "object/clustered/epoch.hpp"
#include "object/heap/owned.hpp"
#include "object/job/job.hpp"

namespace ovm::loader
{

/// The end of modules that no adaptor knows any more: two epochs, in which whoever called one returns; then its place
/// is unmapped, every core forgets it, and its memory goes.
/// Concurrency: the core where swaps run, one step a crossing.
class Retirement
{
public:
    static constexpr std::size_t most = 2;

    /// Requires that there are less than `most`.
    void add(object::Owned<Module> module);
    bool over() const { return modules_.empty(); }
    /// Requires that it is not over. Whether the job that calls it is to come again, or is started when there is more.
    object::Job::Step step(object::Job& waiter);

private:
    enum class Phase : std::uint8_t
    {
        next,
        first_epoch,
        second_epoch,
        renewal
    };

    Static_vector<object::Owned<Module>, most> modules_{};
    Phase phase_ = Phase::next;
    object::Grace_period grace_{};
    Renewal renewal_{};
};

} // namespace ovm::loader
