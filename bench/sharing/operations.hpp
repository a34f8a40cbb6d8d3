#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "memory/frame_pool.hpp"
#include "memory/heap.hpp"
#include "object/clustered/tally.hpp"
#include "object/local_space.hpp"
#include "policy/frames/first_touch.hpp"

/// What cores do often, on a hosted machine of some size. Compiled twice: as it is, to count instructions, and with
/// every access reported (tracer.hpp).
namespace ovm::bench
{

enum class Operation : std::uint8_t
{
    nothing,     ///< but what all of them need
    exit,        ///< counting it
    wake_up,     ///< of something on the own core, by its own message
    frame,       ///< allocation and free
    look_up,     ///< of an object, and a call
    message,     ///< to the next core, and its reception there
    naive_exit,  ///< counting it with one counter and one lock
    naive_frame, ///< allocation and free with one lock
};

inline constexpr std::array operations{Operation::exit,       Operation::wake_up, Operation::frame,
                                       Operation::look_up,    Operation::message, Operation::naive_exit,
                                       Operation::naive_frame};

constexpr std::string_view name_of(Operation operation)
{
    constexpr std::array<std::string_view, operations.size()> names{
        "exit-count", "own-wake-up", "frame", "look-up", "message", "naive-exit-count", "naive-frame"};
    return names[static_cast<std::size_t>(operation) - 1];
}

/// The largest that is measured.
inline constexpr std::uint32_t most_cores = 64;

/// A core for every eight of a node. Lifetime: one at a time.
class Cores
{
public:
    explicit Cores(std::uint32_t count);
    ~Cores();

    std::uint32_t count() const { return static_cast<std::uint32_t>(spaces_.size()); }
    /// The calling thread is that core from then on.
    void perform(Operation operation, std::uint32_t core);
    object::Clustered<test::Tally>& tally() { return *tally_; }

private:
    struct Nothing final : object::Message
    {
        void received() override {}
    };
    /// A message each, as vcpus are.
    struct alignas(arch::cache_line) Mail
    {
        Nothing message{};
    };

    void send(std::uint32_t from, std::uint32_t to);
    void end(object::Change& change);

    memory::Frame_pool naive_pool_{}; ///< one node, no stocks
    memory::Frame_pool pool_{};
    policy::First_touch_allocator frames_{pool_};
    memory::Heap heap_{frames_, Node_id(0)};
    std::vector<std::unique_ptr<object::Local_space>> spaces_{};
    std::vector<Mail> mail_;
    object::Object_table table_{};
    object::Tombstone<test::Tally> tombstone_{};
    test::Quiet_watch watch_{};
    test::Count_factory factory_{heap_, watch_};
    std::optional<object::Clustered<test::Tally>> tally_{};
    alignas(arch::cache_line) Ranked_lock<Rank::machine> naive_lock_;
    std::uint64_t naive_count_ OVM_GUARDED_BY(naive_lock_) = 0;
};

} // namespace ovm::bench
