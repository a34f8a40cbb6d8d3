#include "interface/boot/copies.hpp"

#include <algorithm>
#include <array>

#include "base/contract.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::array<std::uint8_t, page_size.value()> zeros{};

} // namespace

Result<> Copies::add(Guest_physical at, Bytes size, std::span<const std::uint8_t> content)
{
    OVM_REQUIRES_THAT(content.size() <= size.value() && memory_.ram().around(at).contains(at, size));
    return pieces_.push_back({at, size, content});
}

Result<bool> Copies::copy_some(Bytes budget)
{
    while (piece_ < pieces_.size())
    {
        auto const& piece = pieces_[piece_];
        auto const left = std::min(piece.size - done_, budget);
        if (left == Bytes{0} && done_ != piece.size)
            return false;
        bool const in_content = done_.value() < piece.content.size();
        auto const source = in_content ? piece.content.subspan(done_.value()) : std::span<const std::uint8_t>(zeros);
        auto const part = source.first(std::min<std::size_t>(source.size(), left.value()));
        OVM_TRY(memory_.write(piece.at + done_, part));
        done_ += Bytes(part.size());
        budget -= Bytes(part.size());
        if (done_ == piece.size)
        {
            ++piece_;
            done_ = Bytes{};
        }
    }
    return true;
}

} // namespace ovm::interface
