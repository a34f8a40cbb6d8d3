// Stands in for QEMU with OVM inside: takes the same arguments, opens the inherited serial lines and plays the scene
// that OVM's command line names (`scene=NAME`).
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <unistd.h>

#include "interface/console/record.hpp"

namespace
{

using namespace ovm::interface;

void put(int line, std::string_view bytes)
{
    while (!bytes.empty())
    {
        auto const size = write(line, bytes.data(), bytes.size());
        if (size <= 0)
            _exit(9);
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

struct Lines
{
    int console = -1;
    int records = -1;

    void record(Record_type type, unsigned vm, const std::string& payload) const
    {
        std::string bytes{static_cast<char>(record_magic), static_cast<char>(type), static_cast<char>(vm),
                          static_cast<char>(payload.size())};
        bytes += payload;
        char sum = 0;
        for (char const byte : bytes.substr(1))
            sum = static_cast<char>(sum ^ byte);
        put(records, bytes + sum);
    }
    void start() const
    {
        record(Record_type::up, 0, "OVM 0");
        record(Record_type::vm, 1, "one");
        record(Record_type::vm, 2, "two");
    }
    void end(unsigned vm, End_reason reason, unsigned value = 0, const std::string& detail = "") const
    {
        record(Record_type::ended, vm,
               std::string{static_cast<char>(reason), static_cast<char>(value), 0, 0, 0} + detail);
    }
    void finish(unsigned status) const
    {
        record(Record_type::finished, 0, std::string(1, static_cast<char>(status)));
        hang();
    }
    [[noreturn]] static void hang()
    {
        for (;;)
            pause();
    }
};

void play(const std::string& scene, const Lines& lines)
{
    if (scene == "refuse")
    {
        std::cerr << "emulator says no\n";
        std::exit(1);
    }
    if (scene == "no_svm")
    {
        put(lines.console, "ovm: this processor has no SVM\r\n");
        Lines::hang();
    }
    lines.start();
    if (scene == "good")
    {
        put(lines.console, "ovm: on com1 too\r\n");
        lines.record(Record_type::log, 0, "two guests");
        lines.record(Record_type::output, 1, "hello ");
        lines.record(Record_type::output, 2, "second\r\nunfin");
        lines.record(Record_type::output, 1, "world\r\n");
        put(lines.records, "noise\xa5\x01");
        lines.end(1, End_reason::powered_off);
        lines.record(Record_type::output, 2, "ished");
        lines.end(2, End_reason::halted);
        lines.finish(0);
    }
    if (scene == "debug_exit")
    {
        lines.end(1, End_reason::debug_exit, 0);
        lines.end(2, End_reason::debug_exit, 3);
        lines.finish(1);
    }
    if (scene == "guest_crash")
    {
        lines.end(1, End_reason::debug_exit, 3);
        lines.record(Record_type::guest_stop, 2, "rip=0x10");
        lines.end(2, End_reason::crashed, 0, "triple fault");
        lines.finish(3);
    }
    if (scene == "die")
    {
        put(lines.console, "ovm: last words\r\n");
        lines.record(Record_type::output, 1, "half a line");
        std::exit(0);
    }
    if (scene == "hypervisor_crash")
    {
        lines.record(Record_type::crash, 0, "page fault at 0x0");
        Lines::hang();
    }
    if (scene == "flood")
    {
        for (;;)
            lines.record(Record_type::output, 1, "line after line after line\n");
    }
    if (scene == "echo")
    {
        put(lines.console, "ready\r\n");
        for (char key = 0; read(lines.console, &key, 1) == 1;)
        {
            put(lines.console, std::string("<") + key + ">");
            if (key == 'q')
                lines.finish(0);
        }
    }
    Lines::hang();
}

} // namespace

int main(int count, char** words)
{
    Lines lines;
    std::string scene;
    for (int i = 1; i + 1 < count; ++i)
    {
        std::string const word = words[i];
        std::string const value = words[i + 1];
        if (word == "-append" && value.contains("scene="))
        {
            scene = value.substr(value.find("scene=") + 6);
            scene = scene.substr(0, scene.find(' '));
        }
        if (word == "-chardev" && value.starts_with("socket,fd="))
            (value.ends_with(",id=console") ? lines.console : lines.records) = std::atoi(value.c_str() + 10);
    }
    play(scene, lines);
}
