#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "interface/exit/device.hpp"
#include "interface/platform/clock.hpp"
#include "interface/platform/interrupt_pin.hpp"

/// What devices are given in unit tests: a clock that tests move, lines and sinks that remember.
namespace ovm::interface::test
{

class Fake_timers final : public processor::Timer_service
{
public:
    static constexpr std::uint64_t ticks_per_second = 2'500'000'000;

    Ticks now() const override { return now_ += step_on_each_look; }
    void arm(processor::Timer& timer, Ticks deadline) override
    {
        armed_[&timer] = deadline;
        ++arms;
    }
    void cancel(processor::Timer& timer) override { armed_.erase(&timer); }
    void retire(processor::Timer& timer) override { armed_.erase(&timer); }

    Platform_clock clock() { return {*this, ticks_per_second}; }
    bool empty() const { return armed_.empty(); }

    /// Lets time pass, firing on the way what is due, in order.
    void advance_to(Ticks until)
    {
        for (;;)
        {
            processor::Timer* next = nullptr;
            Ticks deadline = until;
            for (auto const& [timer, at] : armed_)
            {
                if (at <= deadline)
                {
                    next = timer;
                    deadline = at;
                }
            }
            if (next == nullptr)
                break;
            armed_.erase(next);
            now_ = std::max(now_, deadline);
            ++fires;
            next->fired(now_);
        }
        now_ = std::max(now_, until);
    }
    void advance(std::uint64_t nanoseconds)
    {
        advance_to(now_ + Ticks(nanoseconds * (ticks_per_second / 1'000'000) / 1000));
    }
    /// Time passes while nobody looks, as when the core had something else to do.
    void skip(std::uint64_t nanoseconds) { now_ += Ticks(nanoseconds * (ticks_per_second / 1'000'000) / 1000); }

    Ticks step_on_each_look{0};
    std::uint64_t arms = 0;
    std::uint64_t fires = 0;

private:
    mutable Ticks now_{1'000'000};
    std::map<processor::Timer*, Ticks> armed_;
};

class Recording_irq_sink final : public Irq_sink, public Tick_sink
{
public:
    void set_line(unsigned line, bool level) override
    {
        if (level && !levels[line])
            ++edges[line];
        levels[line] = level;
    }
    Acceptance tick(unsigned line) override
    {
        ++offered;
        if (masked)
            return Acceptance::nobody;
        if (refuses)
            return Acceptance::waiting;
        ++ticks[line];
        return Acceptance::taken;
    }

    std::map<unsigned, bool> levels;
    std::map<unsigned, unsigned> edges;
    std::map<unsigned, unsigned> ticks;
    unsigned offered = 0;
    bool refuses = false;
    bool masked = false;
};

class Recording_byte_sink final : public Byte_sink
{
public:
    bool put(std::uint8_t byte) override
    {
        if (room == 0)
            return false;
        --room;
        text.push_back(static_cast<char>(byte));
        return true;
    }

    std::string text;
    std::size_t room = 1'000'000'000;
};

class Recording_machine final : public Machine_control
{
public:
    void request_power_off() override { ++power_offs; }
    void request_reset() override { ++resets; }
    void request_debug_exit(std::uint32_t value) override { exits.push_back(value); }

    unsigned power_offs = 0;
    unsigned resets = 0;
    std::vector<std::uint32_t> exits;
};

/// Numbers that like the edges.
class Garbage
{
public:
    explicit Garbage(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t number()
    {
        switch (engine_() % 8)
        {
        case 0:
            return 0;
        case 1:
            return ~std::uint64_t{0};
        case 2:
            return std::uint64_t{1} << (engine_() % 64);
        case 3:
            return engine_() % 256;
        default:
            return engine_();
        }
    }
    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }

private:
    std::mt19937_64 engine_;
};

} // namespace ovm::interface::test
