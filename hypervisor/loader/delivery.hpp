#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.hpp"
#include "loader/loader.hpp"
#include "loader/module_block.hpp"
#include "object/job/job.hpp"
#include "processor/timer.hpp"

namespace ovm::loader
{

/// Who hears what becomes of a delivery.
class Delivery_sender
{
public:
    enum class State : std::uint8_t
    {
        go_on,    ///< it is to send on from where the answer says
        received, ///< all is there, and is being checked
        done,     ///< the line says what was done
        refused   ///< the line says why; nothing is kept
    };

    /// To whom sent that file; so much of it was received.
    virtual void answer(State state, std::uint32_t file, std::uint32_t received, std::string_view line) = 0;
    /// What came of a file, once for each.
    virtual void ended(std::string_view line) = 0;

protected:
    ~Delivery_sender() = default;
};

/// Takes a file from a sender that nobody trusts, a piece after the other, and gives it to the loader as if it had come
/// with the boot archive.
/// Invariant:   bytes are kept only from a file's announcement to its end, in frames of its own, as many as were
///              announced and a module may have. What is kept is what came first at each place.
/// Concurrency: its core.
/// Lifetime:    as long as the machine.
/// Failure:     what is not as it should be drops the file, and so does a sender that is silent for too long. Requests
///              that come faster than they are answered are lost.
class Delivery final : public object::Job, private processor::Timer
{
public:
    enum class Request : std::uint8_t
    {
        file,  ///< a new one: its size, and its name
        data,  ///< a piece: where it begins, and its bytes
        state, ///< asks for an answer
    };
    /// A request's content: a number that the sender chose for the file, and another one, of 4 bytes each, little
    /// endian.
    static constexpr std::size_t head_size = 8;
    static constexpr std::size_t most_request = 255;
    static constexpr Nanoseconds most_silence{10'000'000'000};

    Delivery(Loader& loader, Delivery_sender& sender, memory::Frame_allocator& frames, processor::Timer_service& timers,
             Core_id core)
        : loader_(loader), sender_(sender), frames_(frames), timers_(timers), core_(core)
    {
    }

    /// A request, of at most most_request bytes, to be looked at in a slice.
    void receive(Request request, std::span<const std::uint8_t> content);
    bool idle() const { return phase_ == Phase::idle; }

private:
    static constexpr std::size_t most_name = 63;

    enum class Phase : std::uint8_t
    {
        idle,
        receiving,
        waiting, ///< for the loader
        loading
    };

    Step step() override;
    Step faulted(const arch::Fault& fault) override;
    void fired(Ticks now) override;

    void serve();
    void announce(std::uint32_t file, std::uint32_t size, std::string_view name);
    void begin(std::uint32_t size, std::string_view name);
    void take(std::uint32_t at, std::span<const std::uint8_t> piece);
    void tell();
    void expect_more();
    void end(bool good, std::string_view line);
    template <typename... Parts>
    void refuse(const Parts&... parts)
    {
        std::array<char, 160> storage{};
        Text_writer text(storage);
        text << name_.view() << " refused: ";
        (text << ... << parts);
        end(false, text.view());
    }

    Loader& loader_;
    Delivery_sender& sender_;
    memory::Frame_allocator& frames_;
    processor::Timer_service& timers_;
    Core_id core_;
    Phase phase_ = Phase::idle;
    bool silent_ = false; ///< the sender was, for too long
    // The request that waits.
    bool requested_ = false;
    Request request_ = Request::state;
    std::array<std::uint8_t, most_request> content_{};
    std::size_t content_size_ = 0;
    // The file.
    std::uint32_t file_ = 0; ///< its number
    Text<most_name> name_{};
    Module_block block_{};
    std::uint32_t size_ = 0;
    std::uint32_t received_ = 0;
    Loader::Number number_ = 0;
    bool keys_ = false;
    // What came of the one before.
    bool good_ = false;
    Text<200> said_{};
};

} // namespace ovm::loader
