#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "courier.hpp"

namespace ovm::compiler::courier
{
namespace
{

class Socket_line final : public Line
{
public:
    explicit Socket_line(int descriptor) : descriptor_(descriptor) {}
    Socket_line(const Socket_line&) = delete;
    Socket_line& operator=(const Socket_line&) = delete;
    ~Socket_line() override { close(descriptor_); }

    bool send(std::span<const std::uint8_t> bytes) override
    {
        while (!bytes.empty())
        {
            auto const size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size < 0 && errno != EINTR)
                return false;
            bytes = bytes.subspan(size < 0 ? 0 : static_cast<std::size_t>(size));
        }
        return true;
    }

    std::expected<std::span<const std::uint8_t>, std::monostate> receive(std::chrono::milliseconds time) override
    {
        pollfd wanted{descriptor_, POLLIN, 0};
        if (poll(&wanted, 1, static_cast<int>(time.count())) <= 0)
            return {};
        auto const size = recv(descriptor_, buffer_.data(), buffer_.size(), 0);
        if (size == 0 || (size < 0 && errno != EINTR))
            return std::unexpected(std::monostate{});
        return std::span(buffer_).first(size < 0 ? 0 : static_cast<std::size_t>(size));
    }

private:
    int descriptor_;
    std::array<std::uint8_t, 4096> buffer_{};
};

} // namespace

std::expected<std::unique_ptr<Line>, Problem> connect(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path))
        return std::unexpected(Problem{"this is no name for a socket", "it is too long or empty", "give another one"});
    path.copy(address.sun_path, path.size());
    int const descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto line = std::make_unique<Socket_line>(descriptor);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return std::unexpected(Problem{std::string("no machine is reached: ") + std::strerror(errno),
                                       "a machine listens only if it was started so",
                                       "start it with ./run --control " + path});
    return line;
}

} // namespace ovm::compiler::courier
