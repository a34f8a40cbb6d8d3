#include "loader/module.hpp"

#include "base/bytes.hpp"
#include "base/contract.hpp"

namespace ovm::loader
{

Module_values::Module_values(const object::Parameters& given) : size_(given.size())
{
    for (std::size_t index = 0; index < size_; ++index)
    {
        auto const value = given.value(index);
        values_[index] =
            given.unit(index) == object::Unit::nanoseconds ? arch::to_ticks(Nanoseconds(value)).value() : value;
    }
}

Module::Module(const Module_image& image, Module_block block, std::size_t place, std::size_t strings_at,
               const format::Digest& signer)
    : block_(std::move(block)), place_(place), strings_at_(strings_at), signer_(signer), name_(image.name()),
      version_(image.header().version), stack_(image.header().stack), obligations_(image.header().obligations),
      text_(image.header().text.size), code_pages_(image.constants_at()), size_(image.size_in_memory())
{
    for (std::uint32_t index = 0; index < image.policies(); ++index)
        add(image, image.policy(index));
}

/// Out of this module's own memory, as the file may go.
std::string_view Module::string(format::String string) const
{
    return text_of(block_.bytes().subspan(strings_at_ + string.offset, string.size));
}

void Module::add(const Module_image& image, const format::Policy& policy)
{
    Provided_policy provided{.family = static_cast<object::Family_id>(policy.family),
                             .name = string(policy.name),
                             .meaning = string(policy.meaning),
                             .construct = (arch::module_place(place_) + Bytes(policy.construct)).value(),
                             .size = policy.size,
                             .parameters = policy.parameters};
    for (std::uint32_t index = 0; index < policy.parameters; ++index)
    {
        auto const parameter = image.parameter(policy.first_parameter + index);
        provided.parameter_list[index] = {.name = string(parameter.name),
                                          .unit = static_cast<object::Unit>(parameter.unit),
                                          .initial = parameter.initial,
                                          .least = parameter.least,
                                          .most = parameter.most,
                                          .meaning = string(parameter.meaning)};
    }
    OVM_ASSERT(policies_.push_back(provided).has_value());
    auto& factory = factories_[policies_.size() - 1];
    const Module_owner& owner = *this;
    switch (provided.family)
    {
    case object::Family_id::scheduler:
        factory.emplace<Module_factory<processor::Scheduler>>(owner, policies_.back());
        break;
    case object::Family_id::halt:
        factory.emplace<Module_factory<processor::Halt>>(owner, policies_.back());
        break;
    case object::Family_id::population:
        factory.emplace<Module_factory<memory::Population>>(owner, policies_.back());
        break;
    case object::Family_id::placement:
        factory.emplace<Module_factory<processor::Placement>>(owner, policies_.back());
        break;
    case object::Family_id::frames:
        factory.emplace<Module_factory<memory::Frame_policy>>(owner, policies_.back());
        break;
    }
}

const object::Any_factory& Module::factory(std::size_t index) const
{
    auto const& factory = factories_[index];
    if (auto const* const scheduler = std::get_if<1>(&factory))
        return *scheduler;
    if (auto const* const halt = std::get_if<2>(&factory))
        return *halt;
    if (auto const* const population = std::get_if<3>(&factory))
        return *population;
    if (auto const* const placement = std::get_if<4>(&factory))
        return *placement;
    auto const* const frames = std::get_if<5>(&factory);
    OVM_REQUIRES_THAT(frames != nullptr);
    return *frames;
}

} // namespace ovm::loader
