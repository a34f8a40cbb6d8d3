#include "files.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ovm::compiler
{
namespace
{

std::unexpected<Failure> cannot(const std::string& what, const Path& file, int reason)
{
    return fail(Exit::failed, {.file = file.string(), .what = "cannot " + what + ": " + std::strerror(reason)});
}

/// Closes itself.
class Descriptor
{
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    int get() const { return number_; }
    void close()
    {
        if (number_ >= 0)
            ::close(std::exchange(number_, -1));
    }

private:
    int number_;
};

Done<> write_all(int descriptor, std::string_view content, const Path& file)
{
    while (!content.empty())
    {
        auto const written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno != EINTR)
            return cannot("write", file, errno);
        content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return {};
}

/// Until both ends are closed.
void collect(int output, int errors, Run& result)
{
    std::array<pollfd, 2> waiting{pollfd{output, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
    std::array<std::string*, 2> const places{&result.output, &result.errors};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0)
    {
        if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
            return;
        for (std::size_t i = 0; i < waiting.size(); ++i)
        {
            if (waiting[i].fd < 0 || waiting[i].revents == 0)
                continue;
            std::array<char, 1 << 14> part{};
            auto const size = ::read(waiting[i].fd, part.data(), part.size());
            if (size > 0)
                places[i]->append(part.data(), static_cast<std::size_t>(size));
            else if (size == 0 || errno != EINTR)
                waiting[i].fd = -1;
        }
    }
}

} // namespace

Done<std::string> read_file(const Path& file)
{
    Descriptor const descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor.get() < 0)
        return cannot("read", file, errno);
    std::string content;
    std::array<char, 1 << 14> part{};
    for (;;)
    {
        auto const size = ::read(descriptor.get(), part.data(), part.size());
        if (size == 0)
            return content;
        if (size < 0 && errno != EINTR)
            return cannot("read", file, errno);
        content.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
}

Done<> write_file(const Path& file, std::string_view content, Access access)
{
    Path const fresh = file.string() + ".new";
    ::unlink(fresh.c_str());
    Descriptor descriptor(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, access == Access::owner ? 0600 : 0666));
    if (descriptor.get() < 0)
        return cannot("write", file, errno);
    OVM_DO(write_all(descriptor.get(), content, file));
    descriptor.close();
    if (::rename(fresh.c_str(), file.c_str()) != 0)
        return cannot("write", file, errno);
    return {};
}

std::optional<Path> cache_folder()
{
    if (auto const* const cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
        return Path(cache) / "ovm";
    if (auto const* const home = std::getenv("HOME"); home != nullptr && *home == '/')
        return Path(home) / ".cache/ovm";
    return std::nullopt;
}

Done<Scratch_folder> Scratch_folder::make()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "ovmc-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        return cannot("make a folder", pattern, errno);
    return Scratch_folder(pattern);
}

Scratch_folder::~Scratch_folder()
{
    std::error_code ignored;
    if (!path_.empty())
        std::filesystem::remove_all(path_, ignored);
}

Done<Run> run(const std::vector<std::string>& command, const Path& folder)
{
    std::array<int, 2> output{};
    std::array<int, 2> errors{};
    if (::pipe2(output.data(), O_CLOEXEC) != 0)
        return cannot("run", command.front(), errno);
    Descriptor const output_end(output[0]);
    Descriptor output_begin(output[1]);
    if (::pipe2(errors.data(), O_CLOEXEC) != 0)
        return cannot("run", command.front(), errno);
    Descriptor const errors_end(errors[0]);
    Descriptor errors_begin(errors[1]);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    posix_spawn_file_actions_adddup2(&actions, errors[1], 2);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    std::vector<char*> arguments;
    for (auto const& each : command)
        arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    auto const reason = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (reason != 0)
        return cannot("run", command.front(), reason);
    output_begin.close();
    errors_begin.close();

    Run result;
    collect(output_end.get(), errors_end.get(), result);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
    {
    }
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

} // namespace ovm::compiler
