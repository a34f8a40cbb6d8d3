#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>

/// The courier: brings a file to a machine that is running, over the second serial line, and hears what became of it
/// (hypervisor/interface/console/record.hpp). A piece is sent again until it is answered, so a line that loses bytes
/// costs time only.
namespace ovm::compiler::courier
{

/// A line to a machine; what waits on it is read as it comes.
class Line
{
public:
    virtual ~Line() = default;
    /// All of it. False: the machine is gone.
    virtual bool send(std::span<const std::uint8_t> bytes) = 0;
    /// Some bytes, none if none came in that time. An error: the machine is gone.
    virtual std::expected<std::span<const std::uint8_t>, std::monostate> receive(std::chrono::milliseconds time) = 0;
};

/// What went wrong, and how to mend it.
struct Problem
{
    std::string what{};
    std::string why{};
    std::string mend{};
};

/// How a delivery ended: what OVM said, and whether it did what was asked.
struct Delivered
{
    bool good = false;
    std::string line{};
};

struct Patience
{
    std::chrono::milliseconds between{1000}; ///< until a request is sent again
    unsigned tries = 20;                     ///< of one request
};

using Progress = std::function<void(std::size_t sent, std::size_t size)>;

/// A path that is a socket of `./run --control`.
std::expected<std::unique_ptr<Line>, Problem> connect(const std::string& socket);

/// `number` tells this delivery from others on the line: any, a new one each time.
std::expected<Delivered, Problem> deliver(Line& line, const std::string& name, std::span<const std::uint8_t> file,
                                          std::uint32_t number, const Patience& patience, const Progress& progress);

} // namespace ovm::compiler::courier
