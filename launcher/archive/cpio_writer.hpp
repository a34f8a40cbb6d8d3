#pragma once

#include <string>
#include <string_view>

namespace ovm::launcher
{

/// Writes a cpio archive of the form "newc with checksum" (magic 070702; Linux,
/// Documentation/driver-api/early-userspace/ buffer-format.rst). The same input gives the same bytes: no times, no
/// owners.
class Cpio_writer
{
public:
    /// Appends a regular file. Precondition: the name is not empty and the data shorter than 4 GiB.
    void add(std::string_view name, std::string_view data);

    /// Closes the archive and hands it out; nothing can be added after that.
    std::string finish() &&;

private:
    void append(std::string_view name, std::string_view data, unsigned mode, unsigned inode);
    void pad(std::size_t unit);

    std::string bytes_;
    unsigned inode_ = 0;
};

} // namespace ovm::launcher
