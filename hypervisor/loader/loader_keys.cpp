// Lists of keys, and what becomes of modules by them.
#include "loader/loader.hpp"

namespace ovm::loader
{

using object::Job;

Loader::Number Loader::take_keys(std::string_view file, std::span<const std::uint8_t> bytes)
{
    begin_file(file, bytes, true);
    start(core_);
    return begun_;
}

const Loader::Outcome& Loader::take_keys_now(std::string_view file, std::span<const std::uint8_t> bytes)
{
    begin_file(file, bytes, true);
    while (!idle())
        static_cast<void>(step());
    return *outcome(begun_);
}

Job::Step Loader::read_keys()
{
    if (auto const refused = list_->step())
        return refuse(*refused);
    if (!list_->done())
        return Step::again;
    ring_ = list_->after();
    succeed(file_.view(), ": list ", ring_.counter(), " is in force: ", ring_.trusted(), " keys trusted, ",
            ring_.revoked(), " keys and ", ring_.revoked_modules(), " modules revoked");
    revoked_ = 0;
    phase_ = Phase::revocation;
    return Step::again;
}

/// An entry a slice. Who is in charge stays: only a person knows what is to take its place.
Job::Step Loader::revoke_loaded()
{
    if (revoked_ == entries_.size())
        return finish();
    auto& entry = entries_[revoked_++];
    for (auto* const module : {entry.current.get(), entry.previous.get()})
    {
        if (module != nullptr && (ring_.standing(module->signer()) != Key_ring::Standing::trusted ||
                                  ring_.revokes(module->name(), module->version())))
            module->revoke();
    }
    return Step::again;
}

} // namespace ovm::loader
