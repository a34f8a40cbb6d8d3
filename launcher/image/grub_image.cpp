#include "launcher/image/grub_image.hpp"

#include <array>
#include <filesystem>
#include <poll.h>
#include <unistd.h>

#include "launcher/description/text.hpp"
#include "launcher/emulator/child_process.hpp"
#include "launcher/run_folder.hpp"

namespace ovm::launcher
{

namespace
{

/// A word as GRUB's script language reads it back: in single quotes nothing is special, and no quote can stand.
std::string grub_quoted(const std::string& text)
{
    std::string result = "'";
    for (char const character : text)
        result += character == '\'' ? std::string("'\\''") : std::string(1, character);
    return result + "'";
}

std::string read_all(int descriptor)
{
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = read(descriptor, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(size));
    return text;
}

} // namespace

std::string grub_menu(const Grub_settings& settings)
{
    std::string words;
    for (std::size_t at = 0; at < settings.command_line.size();)
    {
        auto const end = std::min(settings.command_line.find(' ', at), settings.command_line.size());
        if (end > at)
            words += " " + grub_quoted(settings.command_line.substr(at, end - at));
        at = end + 1;
    }
    // all_video: with it GRUB can give OVM the framebuffer that its header asks for.
    return std::string(settings.at_once ? "set timeout=0\n" : "set timeout=2\n") +
           "insmod all_video\n"
           "menuentry 'OVM' {\n"
           "    multiboot2 /boot/ovm.elf" +
           words + "\n" +
           "    module2 /boot/machine.cpio\n"
           "}\n";
}

Checked<> write_grub_image(const std::string& file, const Grub_settings& settings)
{
    namespace fs = std::filesystem;
    auto const folder = OVM_CHECKED(Run_folder::create());
    OVM_CHECKED(folder.write("tree/boot/grub/grub.cfg", grub_menu(settings)));
    OVM_CHECKED(folder.write("tree/boot/machine.cpio", settings.archive));
    std::error_code error;
    fs::copy_file(settings.ovm, folder.file("tree/boot/ovm.elf"), error);
    if (error)
        return Failure{settings.ovm, "cannot be copied: " + error.message(),
                       "make room, or set TMPDIR to another folder"};
    if (auto const parent = fs::absolute(file).parent_path(); !fs::is_directory(parent))
        return Failure{file, "there is no folder " + in_quotes(parent.string()), "make it, or name another file"};

    std::string const bios = "/usr/lib/grub/i386-pc";
    std::string const uefi = "/usr/lib/grub/x86_64-efi";
    for (auto const& platform : {bios, uefi})
    {
        if (!(settings.bios_only && platform == uefi) && !fs::is_directory(platform, error))
            return Failure{platform, "GRUB for this platform is not installed",
                           "apt install grub-pc-bin grub-efi-amd64-bin"};
    }
    // Fewer modules make a small image quickly.
    Command command{
        "grub-mkrescue",
        "--output=" + file,
        "--locales=",
        "--themes=",
        "--fonts=",
        "--install-modules=multiboot2 normal iso9660 fat part_gpt part_msdos all_video boot configfile echo test"};
    if (settings.bios_only)
        command.push_back("--directory=" + bios);
    command.push_back(folder.file("tree"));
    auto process = OVM_CHECKED(Child_process::start(command, {}, "apt install grub-common xorriso mtools"));
    auto const output = read_all(process.output());
    auto const end = process.wait();
    if (end.signalled || end.value != 0 || !fs::exists(file, error))
        return Failure{file, "grub-mkrescue " + end.text() + " and said: " + output,
                       "apt install grub-common xorriso mtools grub-pc-bin grub-efi-amd64-bin"};
    return {};
}

} // namespace ovm::launcher
