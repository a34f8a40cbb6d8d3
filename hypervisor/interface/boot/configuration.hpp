#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/strong.hpp"
#include "base/text.hpp"

namespace ovm::interface
{

enum class Boot_kind : std::uint8_t
{
    linux,
    pvh,
    multiboot
};

struct Module_configuration
{
    std::string_view file{};
    std::string_view command_line{};
};

/// One VM as machine.conf describes it. The views point into the archive.
struct Vm_configuration
{
    std::string_view name{};
    std::uint32_t vcpus = 1;
    Bytes memory{};
    Boot_kind boot = Boot_kind::linux;
    std::string_view kernel{};
    std::string_view initrd{};
    std::string_view command_line{};
    std::optional<std::uint16_t> debug_exit{};
    bool lazy = false;
    std::uint32_t weight = 100; ///< of each vcpu
    Nanoseconds budget{};       ///< of each vcpu in each period; 0: no reservation
    Nanoseconds period{};
    Nanoseconds latency{}; ///< how soon each vcpu wants to run after it wakes; 0: no wish
    Static_vector<Module_configuration, 4> modules{};
};

struct Machine_configuration
{
    bool restart_on_reset = true;
    std::uint8_t escape = 1;
    std::uint32_t vms = 0;
};

inline constexpr std::uint32_t max_vms = 255;
inline constexpr std::uint32_t max_vcpus = 16;
inline constexpr std::uint32_t max_weight = 10000;
inline constexpr Nanoseconds min_budget{50'000};
inline constexpr Nanoseconds min_period{100'000};
inline constexpr Nanoseconds max_period{4'000'000'000};
inline constexpr Nanoseconds min_latency{1'000};
inline constexpr Nanoseconds max_latency = max_period;

/// Why machine.conf is refused, in words a person can act on.
struct Configuration_error
{
    unsigned line = 0; ///< from 1
    std::string_view what{};
    std::string_view word{};
};

/// Reads machine.conf (docs/reference/boot-archive.md) line by line; one VM at a time, so that any number of them
/// needs no storage.
class Configuration_reader
{
public:
    explicit Configuration_reader(std::string_view text) : text_(text) {}

    /// Reads to the first VM. False: error() says why.
    bool read_machine(Machine_configuration& machine);
    /// The next VM; nothing at the end or on an error.
    std::optional<Vm_configuration> next_vm();
    const std::optional<Configuration_error>& error() const { return error_; }

private:
    struct Line
    {
        std::string_view key{};
        std::string_view value{};
    };

    std::optional<Line> next_line();
    std::optional<std::uint64_t> number(const Line& line, std::uint64_t least, std::uint64_t most);
    bool set(Vm_configuration& vm, const Line& line);
    bool set_duration(Nanoseconds& duration, const Line& line, Nanoseconds least, Nanoseconds most);
    /// What no line alone can say: whether the VM has what it needs, and its keys agree.
    bool check(const Vm_configuration& vm);
    bool fail(std::string_view what, std::string_view word);

    std::string_view text_;
    unsigned line_ = 0;
    bool in_vm_ = false;
    std::optional<Configuration_error> error_{};
};

} // namespace ovm::interface
