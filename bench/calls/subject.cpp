#include "calls/subject.hpp"

namespace ovm::bench
{

namespace
{

class One final : public Subject
{
public:
    [[gnu::noinline]] std::uint64_t value() override { return ++count_; }

private:
    std::uint64_t count_ = 0;
};

One one{};
Subject* at_hand = nullptr;

} // namespace

Subject& the_subject()
{
    return one;
}

void set_up_pointer()
{
    at_hand = &one;
}

std::uint64_t call_plainly()
{
    return at_hand->value() + 1;
}

} // namespace ovm::bench
