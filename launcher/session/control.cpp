#include "launcher/session/control.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace ovm::launcher
{

namespace
{

Failure no_socket(const std::string& path, const std::string& mend)
{
    return {"--control " + path, std::string("no socket can be made there: ") + std::strerror(errno), mend};
}

bool is_deserted(const sockaddr_un& address)
{
    Unique_descriptor const tried(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(tried.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
           errno == ECONNREFUSED;
}

} // namespace

Checked<Control> Control::listen(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path))
        return Failure{"--control " + path, "this is no name for a socket",
                       "give one of 1 to " + std::to_string(sizeof(address.sun_path) - 1) + " characters"};
    path.copy(address.sun_path, path.size());
    Control control;
    control.door_ = Unique_descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!control.door_.open())
        return no_socket(path, "close other programs");
    if (is_deserted(address))
        unlink(path.c_str());
    constexpr mode_t owner_only = 0177;
    auto const before = umask(owner_only);
    bool const bound = bind(control.door_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    umask(before);
    if (!bound)
        return no_socket(path,
                         errno == EADDRINUSE ? "choose another name, or end who uses it" : "choose another folder");
    control.path_ = path;
    constexpr int waiting = 8;
    if (::listen(control.door_.get(), waiting) != 0)
        return no_socket(path, "choose another folder");
    return control;
}

Control::~Control()
{
    if (!path_.empty())
        unlink(path_.c_str());
}

void Control::read(std::string& requests)
{
    if (!guest_.open())
    {
        guest_ = Unique_descriptor(accept4(door_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        return;
    }
    std::array<char, 4096> buffer{};
    auto const size = recv(guest_.get(), buffer.data(), buffer.size(), 0);
    if (size > 0)
        requests.append(buffer.data(), static_cast<std::size_t>(size));
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        guest_.reset();
}

void Control::answer(const Record& record)
{
    if (!guest_.open())
        return;
    std::string bytes{static_cast<char>(interface::record_magic), static_cast<char>(record.type),
                      static_cast<char>(record.vm), static_cast<char>(record.payload.size())};
    bytes += record.payload;
    unsigned sum = 0;
    for (char const byte : std::string_view(bytes).substr(1))
        sum ^= static_cast<std::uint8_t>(byte);
    bytes += static_cast<char>(sum);
    static_cast<void>(send(guest_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

} // namespace ovm::launcher
