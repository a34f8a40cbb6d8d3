#include "launcher/emulator/channels.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace ovm::launcher
{

namespace
{

Failure no_channel(const std::string& what)
{
    return {what, std::string("cannot make a serial line for the emulator: ") + std::strerror(errno),
            "close other programs"};
}

Checked<std::string> make_socket(Unique_descriptor& near, std::vector<Unique_descriptor>& far)
{
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return no_channel("socket");
    near = Unique_descriptor(pair[0]);
    far.emplace_back(pair[1]);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    return "socket,fd=" + std::to_string(pair[1]);
}

Checked<> make_pipe(Unique_descriptor& near, const std::string& file)
{
    constexpr mode_t owner_only = 0600;
    if (mkfifo(file.c_str(), owner_only) != 0)
        return no_channel(file);
    // Both directions, so that opening does not wait for the writer and its absence is no end of file.
    near = Unique_descriptor(open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!near.open())
        return no_channel(file);
    return {};
}

} // namespace

Checked<Channels> Channels::sockets()
{
    Channels channels;
    channels.console_name = OVM_CHECKED(make_socket(channels.console, channels.far));
    channels.records_name = OVM_CHECKED(make_socket(channels.records, channels.far));
    return channels;
}

Checked<Channels> Channels::pipes(const std::string& console_file, const std::string& records_file)
{
    Channels channels;
    OVM_CHECKED(make_pipe(channels.console, console_file));
    OVM_CHECKED(make_pipe(channels.records, records_file));
    channels.console_name = console_file;
    channels.records_name = records_file;
    return channels;
}

} // namespace ovm::launcher
