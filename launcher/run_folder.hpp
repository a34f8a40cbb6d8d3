#pragma once

#include <string>
#include <string_view>

#include "launcher/failure.hpp"

namespace ovm::launcher
{

/// A new temporary folder for the files of one run; it goes with the object unless keep() was called.
class Run_folder
{
public:
    static Checked<Run_folder> create();
    Run_folder(Run_folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Run_folder& operator=(Run_folder&&) = delete;
    ~Run_folder();

    std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
    /// Writes a file into it and returns its full name.
    Checked<std::string> write(std::string_view name, std::string_view bytes) const;
    void keep() { kept_ = true; }

private:
    explicit Run_folder(std::string path) : path_(std::move(path)) {}

    std::string path_;
    bool kept_ = false;
};

} // namespace ovm::launcher
