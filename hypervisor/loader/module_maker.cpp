#include "loader/module_maker.hpp"

#include "arch/raw_bytes.hpp"
#include "base/contract.hpp"
#include "loader/exports.hpp"

namespace ovm::loader
{

namespace
{

/// Between the code's end and its page's: INT3, so that who runs over the end is stopped there.
constexpr std::uint8_t beyond_code = 0xcc;

void copy_part(std::span<std::uint8_t> block, std::size_t at, std::span<const std::uint8_t> from)
{
    std::ranges::copy(from, block.subspan(at, from.size()).begin());
}

} // namespace

Module_maker::Progress Module_maker::refuse(Refusal why)
{
    refusal_ = why;
    scan_.reset();
    relocator_.reset();
    block_ = Module_block();
    stage_ = Stage::done;
    return Progress::refused;
}

Module_maker::Progress Module_maker::go_on(Stage next)
{
    done_ = 0;
    stage_ = next;
    return Progress::again;
}

Module_maker::Progress Module_maker::after(std::optional<Refusal> refused, bool done, Stage next)
{
    if (refused)
        return refuse(*refused);
    return done ? go_on(next) : Progress::again;
}

Module_maker::Progress Module_maker::step()
{
    switch (stage_)
    {
    case Stage::open:
    {
        auto const refused = Module_image::open(file_, image_);
        check_.emplace(image_);
        return after(refused, true, Stage::image);
    }
    case Stage::image:
    {
        auto const refused = check_->step();
        return after(refused, check_->done(), Stage::known);
    }
    case Stage::known:
        return after(check_known(), true, Stage::memory);
    case Stage::memory:
        return take_memory();
    case Stage::clear:
        return clear();
    case Stage::scan:
        return scan();
    case Stage::copy:
        return copy();
    case Stage::link:
        return link();
    case Stage::map:
        return map();
    case Stage::done:
        break;
    }
    return Progress::done;
}

std::optional<Refusal> Module_maker::check_known() const
{
    for (std::uint32_t index = 0; index < image_.policies(); ++index)
    {
        auto const policy = image_.policy(index);
        auto const is_of = [&policy](const Interface& interface)
        { return static_cast<std::uint32_t>(interface.family) == policy.family && interface.hash == policy.interface; };
        if (std::ranges::none_of(interfaces_, is_of))
            return Refusal::foreign_interface;
    }
    for (std::uint32_t index = 0; index < image_.imports(); ++index)
    {
        if (!exported(image_.string(image_.import(index).name).value_or(std::string_view{})))
            return Refusal::unknown_import;
    }
    return {};
}

Module_maker::Progress Module_maker::take_memory()
{
    auto taken = Module_block::take(frames_, Bytes(used()));
    if (!taken && taken.error() == Error::busy)
        return Progress::again;
    if (!taken)
        return refuse(Refusal::no_memory);
    block_ = std::move(*taken);
    return go_on(Stage::clear);
}

/// What the scan works with: it is done before the module's own bytes come here.
Module_maker::Progress Module_maker::clear()
{
    auto const maps = block_.bytes().first(Code_scan::memory_needed(image_));
    auto const part = maps.subspan(done_, std::min(bytes_a_step, maps.size() - done_));
    arch::fill(part, 0);
    done_ += part.size();
    if (done_ != maps.size())
        return Progress::again;
    scan_.emplace(image_, maps);
    return go_on(Stage::scan);
}

Module_maker::Progress Module_maker::scan()
{
    auto const refused = scan_->step();
    if (refused)
        refused_at_ = scan_->at();
    return after(refused, scan_->done(), Stage::copy);
}

/// Text, what fills its last page, constants, what fills theirs, strings: each part that reaches into these bytes.
Module_maker::Progress Module_maker::copy()
{
    auto const begin = done_;
    auto const end = std::min(begin + bytes_a_step, used());
    auto const block = block_.bytes();
    auto const put = [&](std::size_t at, std::span<const std::uint8_t> part)
    {
        auto const first = std::max(begin, at);
        auto const last = std::min(end, at + part.size());
        if (first < last)
            copy_part(block, first, part.subspan(first - at, last - first));
    };
    auto const constants_at = image_.constants_at();
    auto const between = std::min<std::size_t>(end, constants_at);
    arch::fill(block.subspan(begin, end - begin), 0);
    if (begin < between)
        arch::fill(block.subspan(begin, between - begin), beyond_code);
    put(0, image_.text());
    put(constants_at, image_.constants());
    put(image_.size_in_memory().value(), image_.strings());
    done_ = end;
    if (end != used())
        return Progress::again;
    relocator_.emplace(image_, block.subspan(constants_at, image_.constants().size()),
                       arch::module_place(place_).value());
    return go_on(Stage::link);
}

Module_maker::Progress Module_maker::link()
{
    auto const refused = relocator_->step();
    return after(refused, relocator_->done(), Stage::map);
}

Module_maker::Progress Module_maker::map()
{
    auto const strings_at = image_.size_in_memory().value();
    format::Digest signer{};
    std::ranges::copy(file_.subspan(sizeof(format::Envelope::signature), signer.size()), signer.begin());
    auto made = object::make<Module>(storage_, image_, std::move(block_), place_, strings_at, signer);
    if (!made)
        return refuse(Refusal::no_memory);
    module_ = std::move(*made);
    auto const code = Bytes(image_.constants_at());
    arch::map_module(place_, module_->frame(), code, image_.size_in_memory() - code);
    stage_ = Stage::done;
    return Progress::done;
}

} // namespace ovm::loader
