#include "launcher/fixtures.hpp"

#include <fstream>
#include <sstream>
#include <sys/wait.h>

#include "launcher/emulator/command.hpp"

namespace ovm::launcher
{

void put_number(std::string& bytes, std::size_t offset, unsigned size, std::uint64_t value)
{
    for (unsigned i = 0; i < size; ++i)
        bytes[offset + i] = static_cast<char>(value >> (8 * i));
}

std::string make_bzimage()
{
    std::string bytes(8192, '\0');
    put_number(bytes, 0x1f1, 1, 3);
    put_number(bytes, 0x1f4, 4, (8192 - 4 * 512) / 16);
    put_number(bytes, 0x1fe, 2, 0xaa55);
    put_number(bytes, 0x202, 4, 0x53726448);
    put_number(bytes, 0x206, 2, 0x20f);
    put_number(bytes, 0x236, 2, 1);
    put_number(bytes, 0x238, 4, 2047);
    put_number(bytes, 0x258, 8, 0x1000000);
    put_number(bytes, 0x260, 4, 0x1000000);
    return bytes;
}

std::string make_elf(bool multiboot, bool pvh)
{
    std::string bytes(4096, '\0');
    bytes.replace(0, 7,
                  "\x7f"
                  "ELF\x01\x01\x01");
    put_number(bytes, 16, 2, 2);
    put_number(bytes, 18, 2, 3);
    put_number(bytes, 28, 4, 52);
    put_number(bytes, 42, 2, 32);
    put_number(bytes, 44, 2, 2);
    put_number(bytes, 52, 4, 1); // load: the whole file
    put_number(bytes, 52 + 12, 4, 0x100000);
    put_number(bytes, 52 + 16, 4, 4096);
    put_number(bytes, 52 + 20, 4, 8192);
    put_number(bytes, 84, 4, 4); // note
    put_number(bytes, 84 + 4, 4, 256);
    put_number(bytes, 84 + 16, 4, 20);
    if (pvh)
    {
        put_number(bytes, 256, 4, 4);
        put_number(bytes, 260, 4, 4);
        put_number(bytes, 264, 4, 18);
        bytes.replace(268, 3, "Xen");
    }
    if (multiboot)
    {
        put_number(bytes, 512, 4, 0x1badb002);
        put_number(bytes, 520, 4, 0u - 0x1badb002u);
    }
    return bytes;
}

std::string make_record(interface::Record_type type, unsigned vm, std::string_view payload)
{
    std::string bytes{static_cast<char>(interface::record_magic), static_cast<char>(type), static_cast<char>(vm),
                      static_cast<char>(payload.size())};
    bytes += payload;
    char sum = 0;
    for (char const byte : bytes.substr(1))
        sum = static_cast<char>(sum ^ byte);
    return bytes + sum;
}

Run_result run_program(const std::vector<std::string>& words, const std::string& input)
{
    Test_folder const folder;
    auto const in = folder.write("in", input);
    auto const line = shell_line(words) + " <" + in + " >" + folder.file("out") + " 2>" + folder.file("error");
    int const status = std::system(line.c_str());
    auto const text = [&](const char* name)
    {
        std::stringstream stream;
        stream << std::ifstream(folder.file(name)).rdbuf();
        return stream.str();
    };
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text("out"), text("error")};
}

} // namespace ovm::launcher
