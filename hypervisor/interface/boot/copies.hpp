#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::interface
{

/// What a loader leaves to be copied into a VM's memory, however long it is: a slice at a time, so that no other VM
/// waits for it. A view: the files outlive it.
/// Invariant:   every piece lies in the VM's RAM.
/// Concurrency: who loads the VM.
class Copies
{
public:
    static constexpr std::size_t most = 64;

    explicit Copies(memory::Guest_memory& memory) : memory_(memory) {}

    memory::Guest_memory& memory() { return memory_; }

    /// `content`, then zeros up to `size`. Requires RAM there. Error::full.
    Result<> add(Guest_physical at, Bytes size, std::span<const std::uint8_t> content);
    /// At most `budget` > 0 bytes, in the order of add(). True when nothing is left. Error::no_memory.
    Result<bool> copy_some(Bytes budget);

private:
    struct Piece
    {
        Guest_physical at{};
        Bytes size{};
        std::span<const std::uint8_t> content{};
    };

    memory::Guest_memory& memory_;
    Static_vector<Piece, most> pieces_{};
    std::size_t piece_ = 0; ///< those before it are copied
    Bytes done_{};          ///< of that one
};

} // namespace ovm::interface
