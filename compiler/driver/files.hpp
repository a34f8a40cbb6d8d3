#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "problem.hpp"

namespace ovm::compiler
{

using Path = std::filesystem::path;

Done<std::string> read_file(const Path& file);

enum class Access
{
    everybody,
    owner ///< a secret: mode 0600
};

/// All of it or nothing: under another name first, then renamed.
Done<> write_file(const Path& file, std::string_view content, Access access = Access::everybody);

inline std::string to_string(const std::vector<std::uint8_t>& bytes)
{
    return {bytes.begin(), bytes.end()};
}
inline std::vector<std::uint8_t> to_bytes(std::string_view text)
{
    return {text.begin(), text.end()};
}

/// What may be thrown away between runs: OVM's folder in the user's cache, if the user has one.
std::optional<Path> cache_folder();

/// A folder that is gone, with all in it, when this is.
class Scratch_folder
{
public:
    static Done<Scratch_folder> make();
    Scratch_folder(Scratch_folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Scratch_folder& operator=(Scratch_folder&&) = delete;
    ~Scratch_folder();
    const Path& path() const { return path_; }

private:
    explicit Scratch_folder(Path path) : path_(std::move(path)) {}
    Path path_;
};

/// What a program said and how it ended.
struct Run
{
    int status = 0; ///< 128 and the signal's number, if one ended it
    std::string output{};
    std::string errors{};
};

/// Runs a program, searched for as a shell does, in the folder; waits for its end.
Done<Run> run(const std::vector<std::string>& command, const Path& folder);

} // namespace ovm::compiler
