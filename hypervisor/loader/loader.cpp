#include "loader/loader.hpp"

#include <utility>

namespace ovm::loader
{

using object::Job;

Loader::Entry* Loader::find(std::string_view name)
{
    for (auto& entry : entries_)
    {
        if (entry.current && entry.current->name() == name)
            return &entry;
    }
    return nullptr;
}

std::optional<std::size_t> Loader::free_place() const
{
    std::uint32_t taken = 0;
    for (auto const& entry : entries_)
    {
        if (entry.current)
            taken |= 1U << entry.current->place();
        if (entry.previous)
            taken |= 1U << entry.previous->place();
    }
    for (std::size_t place = 0; place < arch::module_places; ++place)
    {
        if ((taken >> place & 1) == 0)
            return place;
    }
    return {};
}

Result<> Loader::offer_to(object::Adaptor& adaptor) const
{
    for (auto const& entry : entries_)
    {
        if (entry.current)
            OVM_TRY(offer(*entry.current, adaptor));
    }
    if (next_ != nullptr)
        OVM_TRY(offer(*next_, adaptor));
    return {};
}

void Loader::begin(Phase phase)
{
    OVM_REQUIRES_THAT(idle());
    ++begun_;
    outcomes_[begun_ % outcomes_.size()] = {};
    keys_ = false;
    phase_ = phase;
}

void Loader::begin_file(std::string_view file, std::span<const std::uint8_t> bytes, bool keys)
{
    begin(Phase::signature);
    keys_ = keys;
    file_.assign(file);
    bytes_ = bytes;
}

Loader::Number Loader::load(std::string_view file, std::span<const std::uint8_t> bytes)
{
    begin_file(file, bytes, false);
    start(core_);
    return begun_;
}

const Loader::Outcome* Loader::outcome(Number number) const
{
    return number == begun_ && !idle() ? nullptr : &outcomes_[number % outcomes_.size()];
}

/// Everything in the slice that is asked, but for the end of its memory.
Loader::Number Loader::unload(std::string_view name)
{
    begin(Phase::retirement);
    start(core_);
    auto* const entry = find(name);
    if (entry == nullptr)
        return fail(name, ": there is none of that name");
    auto const adaptors = owner_.adaptors();
    if (is_in_use(*entry->current, adaptors))
        return fail(name, " is in use: swap its policies out first");
    if (!withdraw(*entry->current, adaptors))
    {
        for (auto* const adaptor : adaptors)
            static_cast<void>(offer(*entry->current, *adaptor)); // where it was, there is a place
        return fail(name, ": a swap is under way; try again");
    }
    succeed(name, " ", entry->current->version(), " unloaded");
    retirement_.add(std::move(entry->current));
    if (entry->previous)
        retirement_.add(std::move(entry->previous));
    return begun_;
}

Loader::Number Loader::roll_back(std::string_view name)
{
    begin(Phase::retirement);
    start(core_);
    entry_ = find(name);
    if (entry_ == nullptr)
        return fail(name, ": there is none of that name");
    if (!entry_->previous)
        return fail(name, ": no version before this one is kept");
    if (entry_->previous->is_revoked())
        return fail(name, ": the version before this one was revoked");
    if (auto const refused = offer(*entry_->previous, entry_->current.get(), owner_.adaptors()))
    {
        static_cast<void>(withdraw(*entry_->previous, owner_.adaptors()));
        return fail(name, " not rolled back: ", to_text(*refused));
    }
    static_cast<void>(begin_exchange(*entry_->current, *entry_->previous));
    return begun_;
}

Job::Step Loader::step()
{
    switch (phase_)
    {
    case Phase::idle:
        break;
    case Phase::signature:
        return check_signature();
    case Phase::keys:
        return read_keys();
    case Phase::revocation:
        return revoke_loaded();
    case Phase::making:
        return make();
    case Phase::renewal:
        return renewal_.over() ? offer_made() : Step::wait;
    case Phase::exchange:
        return exchange();
    case Phase::retirement:
        return retire();
    }
    return Step::done;
}

/// Until the module is made, or the list read, nothing is changed that it could not simply drop.
Job::Step Loader::faulted(const arch::Fault& fault)
{
    if (phase_ != Phase::signature && phase_ != Phase::keys && phase_ != Phase::making)
        return Step::again;
    say(file_.view(), " refused: checking it failed in OVM itself: ", fault.what);
    return finish();
}

Job::Step Loader::refuse(Refusal why)
{
    std::array<char, 40> storage{};
    Text_writer where(storage);
    if (maker_ && maker_->refused_at())
        where << ", at " << Hex{*maker_->refused_at()} << " of its code";
    say(file_.view(), " refused: ", to_text(why), where.view());
    return finish();
}

Job::Step Loader::finish()
{
    signature_.reset();
    list_.reset();
    maker_.reset();
    bytes_ = {};
    phase_ = Phase::retirement;
    return Step::again;
}

/// Before it is known whose the bytes are, none is looked at but the envelope's.
Job::Step Loader::check_signature()
{
    if (!signature_)
    {
        if (bytes_.size() < sizeof(format::Envelope))
            return refuse(Refusal::too_short);
        if (bytes_.size() > format::most_bytes)
            return refuse(Refusal::too_large);
        format::Envelope envelope{};
        std::ranges::copy(bytes_.first(envelope.signature.size()), envelope.signature.begin());
        std::ranges::copy(bytes_.subspan(envelope.signature.size(), envelope.key.size()), envelope.key.begin());
        switch (ring_.standing(envelope.key))
        {
        case Key_ring::Standing::unknown:
            return refuse(Refusal::unknown_key);
        case Key_ring::Standing::revoked:
            return refuse(Refusal::revoked_key);
        case Key_ring::Standing::trusted:
            break;
        }
        signature_.emplace(envelope.key, envelope.signature, bytes_.subspan(sizeof(format::Envelope)));
    }
    auto const progress = signature_->step();
    if (!progress)
        return refuse(Refusal::wrong_signature);
    return *progress == Signature_check::Progress::again ? Step::again : begin_behind_signature();
}

Job::Step Loader::begin_behind_signature()
{
    if (keys_)
    {
        list_.emplace(bytes_.subspan(sizeof(format::Envelope)), ring_);
        phase_ = Phase::keys;
        return Step::again;
    }
    auto const place = free_place();
    if (!place)
        return refuse(Refusal::no_place);
    maker_.emplace(bytes_, interfaces_, frames_, storage_, *place);
    phase_ = Phase::making;
    return Step::again;
}

Job::Step Loader::make()
{
    switch (maker_->step())
    {
    case Module_maker::Progress::again:
        return Step::again;
    case Module_maker::Progress::refused:
        return refuse(maker_->refusal());
    case Module_maker::Progress::done:
        break;
    }
    made_ = maker_->take();
    renewal_.begin(made_->place(), made_->size(), *this);
    phase_ = Phase::renewal;
    return Step::again;
}

void Loader::discard_made()
{
    retirement_.add(std::move(made_));
}

Job::Step Loader::offer_made()
{
    if (ring_.revokes(made_->name(), made_->version()))
    {
        discard_made();
        return refuse(Refusal::revoked_version);
    }
    entry_ = find(made_->name());
    if (entry_ != nullptr && entry_->current->version() >= made_->version())
    {
        discard_made();
        return refuse(Refusal::name_taken);
    }
    bool const is_new = entry_ == nullptr;
    for (auto& entry : entries_)
    {
        if (entry_ == nullptr && !entry.current)
            entry_ = &entry;
    }
    auto refused = entry_ == nullptr ? std::optional(Refusal::no_place)
                                     : offer(*made_, is_new ? nullptr : entry_->current.get(), owner_.adaptors());
    if (refused)
    {
        say(file_.view(), " refused: ", to_text(*refused));
        back_ = true;
        next_ = nullptr;
        before_ = made_.get();
        phase_ = Phase::exchange;
        return Step::again;
    }
    if (!is_new)
        return begin_exchange(*entry_->current, *made_);
    succeed(made_->name(), " ", made_->version(), " loaded");
    entry_->current = std::move(made_);
    return finish();
}

Job::Step Loader::begin_exchange(Module& before, Module& next)
{
    before_ = &before;
    next_ = &next;
    back_ = false;
    phase_ = Phase::exchange;
    return Step::again;
}

/// Until the one before is in charge nowhere, which a person or a fault may undo in between, and known nowhere.
Job::Step Loader::exchange()
{
    if (swapping_)
        return Step::wait; // its end starts this again
    auto const adaptors = owner_.adaptors();
    if (next_ == nullptr || !is_in_use(*before_, adaptors))
        return withdraw(*before_, adaptors) ? exchanged() : Step::again;
    auto* const swap = owner_.free_swap();
    if (swap == nullptr)
        return Step::again;
    if (auto const filled = fill_swap(*swap, *before_, *next_, adaptors); !filled)
    {
        swap->abandon();
        if (filled.error() == Error::busy || back_)
            return Step::again;
        say(next_->name(), " ", next_->version(), " not swapped in: ", to_text(filled.error()));
        back_ = true;
        std::swap(before_, next_);
        return Step::again;
    }
    swapping_ = true;
    swap->begin(core_, this);
    return Step::wait;
}

void Loader::swap_ended(const object::Swap& swap)
{
    swapping_ = false;
    start(core_);
    if (swap.succeeded() || back_)
        return;
    say(next_->name(), " ", next_->version(),
        " not swapped in: ", swap.requests()[swap.failed_request()].adaptor->resource(),
        " failed in: ", to_text(swap.failed_in()), ": ", to_text(swap.error()));
    back_ = true;
    std::swap(before_, next_);
}

/// before_ is known to no adaptor any more.
Job::Step Loader::exchanged()
{
    auto* const gone = std::exchange(before_, nullptr);
    auto* const next = std::exchange(next_, nullptr);
    if (gone == made_.get())
        discard_made();
    else if (!back_)
    {
        succeed(next->name(), " ", next->version(), " in place of ", gone->version());
        if (made_)
        {
            if (entry_->previous)
                retirement_.add(std::move(entry_->previous));
            entry_->previous = std::move(entry_->current);
            entry_->current = std::move(made_);
        }
        else
            std::swap(entry_->current, entry_->previous);
    }
    return finish();
}

Job::Step Loader::retire()
{
    if (!retirement_.over())
        return retirement_.step(*this);
    phase_ = Phase::idle;
    return Step::done;
}

} // namespace ovm::loader
