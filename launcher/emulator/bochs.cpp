#include "launcher/description/text.hpp"
#include "launcher/emulator/command.hpp"

namespace ovm::launcher
{

std::string bochs_configuration(const Machine& machine, const Bochs_settings& settings)
{
    auto const processor = settings.processor.empty() ? std::string("zambezi") : settings.processor;
    auto const size = std::to_string(machine.memory / mebibyte);
    // SeaBIOS is there with QEMU, and boots Bochs as well.
    return "cpu: model=" + processor + ", count=" + std::to_string(machine.cores) +
           ", ips=50000000, reset_on_triple_fault=1\n" + "memory: guest=" + size + ", host=" + size + "\n" +
           "romimage: file=/usr/share/seabios/bios.bin\n"
           "vgaromimage: file=/usr/share/seabios/vgabios-stdvga.bin\n"
           "display_library: rfb, options=\"timeout=0\"\n"
           "sound: driver=dummy\n"
           "speaker: enabled=1, mode=none\n"
           "clock: sync=none, time0=1700000000\n"
           "ata0: enabled=1\n"
           "ata0-master: type=cdrom, path=\"" +
           settings.image + "\", status=inserted\n" +
           "boot: cdrom\n"
           "com1: enabled=1, mode=file, dev=" +
           settings.console + "\n" + "com2: enabled=1, mode=file, dev=" + settings.records + "\n" +
           "log: " + settings.log + "\n" +
           "panic: action=fatal\n"
           "error: action=ignore\n"
           "info: action=ignore\n"
           "debug: action=ignore\n";
}

Command bochs_command(const Bochs_settings& settings)
{
    // Debian's Bochs is built with its debugger, which must be told to continue.
    return {settings.program, "-q", "-f", settings.configuration, "-rc", settings.commands};
}

} // namespace ovm::launcher
