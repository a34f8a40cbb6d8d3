#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>

#include "arch/at_hand.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/adaptor/factory.hpp"
#include "object/clustered/object_table.hpp"
#include "object/clustered/reference.hpp"
#include "object/message/message.hpp"

namespace ovm::object
{

/// Who uses one core's representative of a core-local policy.
template <typename Family>
class Policy_holder
{
public:
    /// On its core, between two uses: carries the state from the policy in charge to `next` and leads the core's
    /// reference to it. Answers what was lost. Error: the old one goes on.
    virtual Result<std::uint32_t> exchange(Family& next) = 0;
    /// As exchange(), but `next` begins with what the holder itself knows, whatever the policy in charge says. It may
    /// not refuse that: then this crossing ends as with any broken contract, and the holder goes on with its last
    /// resort, which is always there and refuses nothing.
    virtual void replace(Family& next) = 0;

protected:
    ~Policy_holder() = default;
};

/// The adaptor of a policy with a representative on each core, which only that core calls. Each core exchanges its own
/// at a boundary of its crossings, so there is no gate; if one of them cannot, the others exchange back.
/// The way back ends: each core is asked once, and exchanges, replaces, or is left with its holder's last resort.
/// Invariant:   beside Adaptor's: after a swap each core has the policy that is named, or its holder's last resort
/// while
///              Return is under way.
/// Concurrency: beside Adaptor's: add_core() by the core itself while it starts.
/// The steps are those of tests/model/local_swap.pml.
template <typename Family>
class Core_local_adaptor final : public Adaptor
{
public:
    Core_local_adaptor(std::string_view resource, std::span<const std::string_view> losses, Quota& quota)
        : Adaptor(resource, losses), quota_(quota)
    {
    }

    Ref<Family> reference() const { return reference_; }

    Result<> add(const Factory<Family>& factory)
    {
        OVM_TRY(offer(factory));
        return {};
    }
    /// The first policy; each core that starts gets its representative from add_core(). Call once.
    Result<> open(Object_table& table, std::size_t policy, const Parameters& parameters, Ticks now)
    {
        reference_ = Ref<Family>(OVM_TRY(table.take(nullptr)));
        now_in_charge(policy, parameters, now);
        return {};
    }
    /// Makes a core's representative. Before the core calls it.
    Result<> add_core(Core_id core)
    {
        auto& part = parts_[core.value()];
        part.policy = OVM_TRY(as_factory<Family>(factory(current())).make(quota_, parameters()));
        part.core = core;
        object::publish(core, reference_, part.policy->policy());
        return {};
    }
    /// Who uses it there. Before a swap.
    void set_holder(Core_id core, Policy_holder<Family>& holder)
    {
        parts_[core.value()].holder.store(&holder, std::memory_order_release);
    }

    std::size_t slots() const override { return 2 * parts_.size(); }
    const Traced_reference& slot(std::size_t index) const override
    {
        auto const& part = parts_[index / 2];
        return index % 2 == 0 ? part.policy : part.next;
    }

    /// local_swap.pml: begin_swap, construct_next.
    Result<> construct(std::size_t policy, const Parameters& parameters) override
    {
        set_wanted(policy);
        auto const made = ask_next([&] { return make_next(policy, parameters); });
        if (!made)
            drop_next();
        return made;
    }
    bool has_gate() const override { return false; }
    void close_gate() override {}
    /// local_swap.pml: ask_cores, await_answers.
    Progress carry() override
    {
        ask(Stage::ready, Stage::asked);
        if (any_asked())
            return Progress::again;
        std::uint32_t lost = 0;
        for (auto& part : parts_)
        {
            if (!part.in_use())
                continue;
            lost |= part.lost;
            if (part.stage.load(std::memory_order_acquire) != Stage::failed)
                continue;
            fail(part.error);
            return Progress::failed;
        }
        set_lost(lost);
        return Progress::done;
    }
    void publish() override {} // each core has done so for itself
    /// local_swap.pml: await_answers, ask_back, refuse, finish_swap.
    Progress roll_back() override
    {
        // An old policy that has handed over knows nothing any more: one of its kind takes its place.
        for (auto& part : parts_)
        {
            if (part.stage.load(std::memory_order_acquire) != Stage::exchanged)
                continue;
            auto const made = ask_next([&] { return make_part(part, current(), parameters()); });
            if (!made && made.error() == Error::no_memory)
                return Progress::again; // until there is
            part.stage.store(Stage::ready_back, std::memory_order_release);
        }
        ask(Stage::ready_back, Stage::asked_back);
        if (any_asked())
            return Progress::again;
        drop_next();
        return Progress::done;
    }
    /// local_swap.pml: retire_old.
    void retire() override { drop_next(); }

    Failed faulted(Core_id core) override
    {
        if (next_faulted())
            return Failed::next;
        auto& part = parts_[core.value()];
        auto const stage = part.stage.load(std::memory_order_acquire);
        // Who took over before its swap was through is the one that failed.
        if (stage != Stage::exchanging && stage != Stage::exchanging_back && stage != Stage::exchanged)
            return Failed::in_charge;
        part.answer_failure(Error::faulted);
        return Failed::either;
    }

private:
    enum class Stage : std::uint8_t
    {
        idle,
        ready, ///< its next policy is made
        asked, ///< the message is under way
        exchanging,
        exchanged,
        failed,
        ready_back, ///< one like the old one is made
        asked_back,
        exchanging_back,
    };

    /// One core's share of the swap.
    struct Part final : Message
    {
        bool in_use() const { return holder.load(std::memory_order_acquire) != nullptr; }
        /// Its core has not answered yet.
        bool is_asked() const
        {
            auto const now = stage.load(std::memory_order_acquire);
            return now == Stage::asked || now == Stage::exchanging || now == Stage::asked_back ||
                   now == Stage::exchanging_back;
        }
        /// local_swap.pml: exchange, answer.
        void received() override
        {
            auto const asked = stage.load(std::memory_order_acquire);
            if (asked == Stage::asked)
                exchange();
            else if (asked == Stage::asked_back)
                exchange_back();
        }
        void exchange()
        {
            stage.store(Stage::exchanging, std::memory_order_release);
            auto const exchanged = holder.load(std::memory_order_acquire)->exchange(next->policy());
            if (!exchanged)
                return answer_failure(exchanged.error());
            take_over();
            lost = *exchanged;
            stage.store(Stage::exchanged, std::memory_order_release);
        }
        /// May not be refused: the others have the old policy already. What cannot be done costs this core's policy.
        void exchange_back()
        {
            stage.store(Stage::exchanging_back, std::memory_order_release);
            arch::At_hand const at_hand(arch::core_window(), arch::Fault_domain::scheduler);
            OVM_ENSURES(static_cast<bool>(next)); // one like the old one could be made
            auto& core_holder = *holder.load(std::memory_order_acquire);
            if (!core_holder.exchange(next->policy()))
                core_holder.replace(next->policy());
            take_over();
            stage.store(Stage::idle, std::memory_order_release);
        }
        void take_over()
        {
            auto* const before = policy.get();
            policy = next.get();
            next = before;
        }
        void answer_failure(Error why)
        {
            error = why;
            stage.store(Stage::failed, std::memory_order_release);
        }

        std::atomic<Policy_holder<Family>*> holder{nullptr};
        Core_id core{};
        Traced<Policy_object<Family>> policy{};
        Traced<Policy_object<Family>> next{};
        std::atomic<Stage> stage{Stage::idle};
        Error error = Error::invalid;
        std::uint32_t lost = 0;
    };

    Result<> make_next(std::size_t policy, const Parameters& parameters)
    {
        for (auto& part : parts_)
        {
            if (!part.in_use())
                continue;
            OVM_TRY(make_part(part, policy, parameters));
            part.stage.store(Stage::ready, std::memory_order_release);
        }
        return {};
    }
    Result<> make_part(Part& part, std::size_t policy, const Parameters& parameters)
    {
        part.next = OVM_TRY(as_factory<Family>(factory(policy)).make(quota_, parameters));
        return {};
    }
    void ask(Stage those, Stage becoming)
    {
        for (auto& part : parts_)
        {
            if (part.stage.load(std::memory_order_acquire) != those)
                continue;
            part.stage.store(becoming, std::memory_order_release);
            post(part.core, part);
        }
    }
    bool any_asked() const
    {
        return std::ranges::any_of(parts_, [](const Part& part) { return part.is_asked(); });
    }
    void drop_next()
    {
        for (auto& part : parts_)
        {
            part.next = nullptr;
            part.stage.store(Stage::idle, std::memory_order_release);
        }
    }

    Quota& quota_;
    Ref<Family> reference_{};
    std::array<Part, arch::max_cores> parts_{};
};

} // namespace ovm::object
