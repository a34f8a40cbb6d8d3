#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "interface/console/record.hpp"
#include "launcher/run_folder.hpp"

namespace ovm::launcher
{

/// A bzImage of 8 KiB: only its header is real.
std::string make_bzimage();
/// A 32-bit ELF with one segment at 1 MiB, optionally with a Multiboot header or a PVH note.
std::string make_elf(bool multiboot, bool pvh);
/// A record as OVM writes it.
std::string make_record(interface::Record_type type, unsigned vm, std::string_view payload);
void put_number(std::string& bytes, std::size_t offset, unsigned size, std::uint64_t value);

/// A folder of this test's files.
class Test_folder
{
public:
    Test_folder() : folder_(std::move(*Run_folder::create())) {}
    std::string write(std::string_view name, std::string_view bytes) const { return *folder_.write(name, bytes); }
    std::string file(std::string_view name) const { return folder_.file(name); }

private:
    Run_folder folder_;
};

struct Run_result
{
    int status = -1;
    std::string out;
    std::string error;
};

/// Runs a program to its end.
Run_result run_program(const std::vector<std::string>& words, const std::string& input = "");

} // namespace ovm::launcher
