#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <utility>

#include "base/static_vector.hpp"
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

protected:
    ~Policy_holder() = default;
};

/// The adaptor of a policy with a representative on each core, which only that core calls. Each core exchanges its own
/// at a boundary of its crossings, so there is no gate; if one of them cannot, the others exchange back.
/// Concurrency: beside Adaptor's: add_core() by the core itself while it starts.
template <typename Family>
class Core_local_adaptor final : public Adaptor
{
public:
    static constexpr std::size_t most_policies = 16;

    Core_local_adaptor(std::string_view resource, std::span<const std::string_view> losses, Storage& storage)
        : Adaptor(resource, losses), storage_(storage)
    {
    }

    Ref<Family> reference() const { return reference_; }

    Result<> add(const Factory<Family>& factory) { return factories_.push_back(&factory); }
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
        part.policy = OVM_TRY(factories_[current()]->make(storage_, parameters()));
        part.adaptor = this;
        part.core = core;
        object::publish(core, reference_, *part.policy);
        return {};
    }
    /// Who uses it there. Before a swap.
    void set_holder(Core_id core, Policy_holder<Family>& holder)
    {
        parts_[core.value()].holder.store(&holder, std::memory_order_release);
    }

    std::size_t policies() const override { return factories_.size(); }
    const Policy_description& description(std::size_t policy) const override
    {
        return factories_[policy]->description();
    }

    Result<> construct(std::size_t policy, const Parameters& parameters) override
    {
        for (auto& part : parts_)
        {
            if (!part.in_use())
                continue;
            auto made = factories_[policy]->make(storage_, parameters);
            if (!made)
            {
                drop_next();
                return made.error();
            }
            part.next = std::move(*made);
            part.stage.store(Stage::ready, std::memory_order_release);
        }
        return {};
    }
    bool has_gate() const override { return false; }
    void close_gate() override {}
    /// Asks every core, and looks later how they fared.
    Progress carry() override
    {
        ask(Stage::ready, Stage::asked);
        if (any(Stage::asked))
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
    void publish() override {}
    Progress roll_back() override
    {
        // An old policy that has handed over knows nothing any more: one of its kind takes its place.
        for (auto& part : parts_)
        {
            if (part.stage.load(std::memory_order_acquire) != Stage::exchanged)
                continue;
            auto made = factories_[current()]->make(storage_, parameters());
            if (!made)
                return Progress::again; // until there is memory
            part.next = std::move(*made);
            part.stage.store(Stage::ready_back, std::memory_order_release);
        }
        ask(Stage::ready_back, Stage::asked_back);
        if (any(Stage::asked) || any(Stage::asked_back))
            return Progress::again;
        drop_next();
        return Progress::done;
    }
    void retire() override { drop_next(); }

    /// The core's policy ended in a fault: whether that was in an exchange, which has failed then. What is in charge
    /// there now is the holder's affair.
    bool exchange_faulted(Core_id core)
    {
        auto& part = parts_[core.value()];
        auto const stage = part.stage.load(std::memory_order_acquire);
        if (stage != Stage::asked && stage != Stage::asked_back)
            return false;
        part.answer_failure(Error::invalid);
        return true;
    }

private:
    enum class Stage : std::uint8_t
    {
        idle,
        ready, ///< its next policy is made
        asked, ///< the message is under way
        exchanged,
        failed,
        ready_back, ///< one like the old one is made
        asked_back,
    };

    /// One core's share of the swap. swap.pml, exchange.
    struct Part final : Message
    {
        bool in_use() const { return holder.load(std::memory_order_acquire) != nullptr; }
        void received() override
        {
            auto const asked = stage.load(std::memory_order_acquire);
            if (asked != Stage::asked && asked != Stage::asked_back)
                return; // it failed before this came
            auto const exchanged = holder.load(std::memory_order_acquire)->exchange(*next);
            if (!exchanged)
                return answer_failure(exchanged.error());
            std::swap(policy, next);
            lost = *exchanged;
            stage.store(asked == Stage::asked_back ? Stage::idle : Stage::exchanged, std::memory_order_release);
        }
        void answer_failure(Error why)
        {
            error = why;
            stage.store(Stage::failed, std::memory_order_release);
        }

        Core_local_adaptor* adaptor = nullptr;
        std::atomic<Policy_holder<Family>*> holder{nullptr};
        Core_id core{};
        Owned<Family> policy{};
        Owned<Family> next{};
        std::atomic<Stage> stage{Stage::idle};
        Error error = Error::invalid;
        std::uint32_t lost = 0;
    };

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
    bool any(Stage stage) const
    {
        for (auto const& part : parts_)
        {
            if (part.stage.load(std::memory_order_acquire) == stage)
                return true;
        }
        return false;
    }
    void drop_next()
    {
        for (auto& part : parts_)
        {
            part.next.reset();
            part.stage.store(Stage::idle, std::memory_order_release);
        }
    }

    Storage& storage_;
    Static_vector<const Factory<Family>*, most_policies> factories_{};
    Ref<Family> reference_{};
    std::array<Part, arch::max_cores> parts_{};
};

} // namespace ovm::object
