#pragma once

#include <cstdint>
#include <string_view>

#include "base/static_vector.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/clustered/epoch.hpp"
#include "object/job/job.hpp"

namespace ovm::object
{

class Swap;

/// Who wants to know how a swap ended.
class Swap_observer
{
public:
    /// On the swap's core; the swap may be used again at once.
    virtual void swap_ended(const Swap& swap) = 0;

protected:
    ~Swap_observer() = default;
};

/// Replaces the policies of one or several resources, all or none, as a job: nothing waits inside of a crossing.
/// Invariant:   each adaptor of its list is claimed while it runs; a failure in any phase leaves every old policy in
///              charge.
/// Concurrency: prepare() and begin() on the core where it runs.
/// Lifetime:    as long as the machine; used again and again.
/// The phases are those of tests/model/swap.pml.
class Swap final : public Job
{
public:
    static constexpr std::size_t most = 8;

    struct Request
    {
        Adaptor* adaptor = nullptr;
        std::size_t policy = 0;
        Parameters parameters{};
    };

    bool idle() const { return phase_ == Swap_phase::done; }
    /// A new list. Requires idle().
    void prepare(std::string_view who, bool returned = false);
    /// Error::full, Error::busy: another swap of that resource is under way.
    Result<> add(const Request& request);
    /// Gives up what was added.
    void abandon();
    void begin(Core_id core, Swap_observer* observer);

    std::span<const Request> requests() const { return requests_.items(); }
    bool succeeded() const { return !failed_; }
    /// Of a failure: where, why, and which of the requests.
    Swap_phase failed_in() const { return failed_in_; }
    Error error() const { return error_; }
    std::size_t failed_request() const { return at_; }
    Ticks gate() const { return gate_; }

private:
    Step step() override;
    Step faulted(const arch::Fault& fault) override;
    Step construct();
    Step close_gates();
    Step carry();
    Step publish();
    Step retire();
    Step roll_back();
    Step fail(Error error);
    Step end();
    bool any_gate() const;
    void record();

    Static_vector<Request, most> requests_{};
    Text<24> who_{};
    bool returned_ = false;
    Swap_observer* observer_ = nullptr;
    Grace_period grace_{};
    Swap_phase phase_ = Swap_phase::done;
    Swap_phase failed_in_ = Swap_phase::done;
    bool failed_ = false;
    Error error_ = Error::invalid;
    std::size_t at_ = 0; ///< the request that the phase is at
    Ticks begun_{};
    Ticks closed_{};
    Ticks gate_{};
};

} // namespace ovm::object
