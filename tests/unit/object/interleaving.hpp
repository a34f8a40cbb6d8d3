#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace ovm::test
{

/// Several simulated cores in one thread: a seeded scheduler lets one of them do the next small step, so that every run
/// of a seed is the same, and every so many steps all that must hold is looked at.
class Interleaving
{
public:
    /// Empty, or what is wrong.
    const std::string& run(std::uint64_t steps, std::uint64_t steps_between_checks)
    {
        for (std::uint64_t i = 0; i < steps && failure_.empty(); ++i)
        {
            ++steps_;
            step();
            if (steps_ % steps_between_checks == 0 && failure_.empty())
                check();
        }
        return failure_;
    }

    std::uint64_t steps() const { return steps_; }

protected:
    explicit Interleaving(std::uint64_t seed) : random_(seed) {}
    ~Interleaving() = default;

    virtual void step() = 0;
    virtual void check() = 0;

    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    bool chance(std::uint64_t in) { return below(in) == 0; }
    void fail(const char* what) { failure_ = what; }
    const std::string& failure() const { return failure_; }

private:
    std::mt19937_64 random_;
    std::string failure_{};
    std::uint64_t steps_ = 0;
};

} // namespace ovm::test
