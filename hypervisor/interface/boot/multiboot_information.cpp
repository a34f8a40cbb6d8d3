#include "interface/boot/multiboot_information.hpp"

#include "base/bits.hpp"
#include "interface/boot/entry_state.hpp"
#include "interface/boot/memory_map.hpp"
#include "interface/boot/placement.hpp"

namespace ovm::interface
{

namespace
{

// What the structure points to, behind it.
constexpr auto module_list = layout::start_info + Bytes{0x80};
constexpr auto memory_map = layout::start_info + Bytes{0x180};
constexpr auto loader_name = layout::start_info + Bytes{0x300};
constexpr auto module_texts = layout::start_info + Bytes{0x400};

constexpr unsigned map_entry_size = 24;

Result<> write_map(memory::Guest_memory& memory, const Guest_memory_map& map)
{
    Guest_writer writer(memory, memory_map);
    for (auto const& entry : map)
    {
        OVM_TRY(writer.number(4, map_entry_size - 4)); // the size field does not count itself
        OVM_TRY(writer.number(8, entry.range.begin.value()));
        OVM_TRY(writer.number(8, entry.range.size.value()));
        OVM_TRY(writer.number(4, static_cast<std::uint32_t>(entry.type)));
    }
    return {};
}

Result<> write_modules(memory::Guest_memory& memory, const Placed_modules& modules)
{
    Guest_writer list(memory, module_list);
    Guest_writer texts(memory, module_texts);
    for (auto const& module : modules)
    {
        OVM_TRY(list.number(4, module.range.begin.value()));
        OVM_TRY(list.number(4, module.range.end().value()));
        OVM_TRY(list.number(4, texts.at().value()));
        OVM_TRY(list.number(4, 0));
        OVM_TRY(texts.text(module.command_line));
    }
    OVM_REQUIRES_THAT(texts.at() - module_texts <= Bytes{module_text_size});
    return {};
}

} // namespace

Result<> write_multiboot_information(memory::Guest_memory& memory, const Placed_modules& modules)
{
    constexpr std::uint64_t flags = bit(0)    // memory sizes
                                    | bit(2)  // command line
                                    | bit(3)  // modules
                                    | bit(6)  // memory map
                                    | bit(9); // the loader's name
    constexpr std::uint64_t kibibyte = 1024;

    auto const map = guest_memory_map(memory.ram());
    OVM_TRY(write_modules(memory, modules));
    OVM_TRY(write_map(memory, map));
    OVM_TRY(Guest_writer(memory, loader_name).text("OVM"));

    Guest_writer info(memory, layout::start_info);
    OVM_TRY(info.number(4, flags));
    OVM_TRY(info.number(4, layout::low_ram_end.value() / kibibyte));
    OVM_TRY(info.number(4, (memory.ram().low.end() - layout::kernel).value() / kibibyte));
    OVM_TRY(info.number(4, 0)); // boot device
    OVM_TRY(info.number(4, layout::command_line.value()));
    OVM_TRY(info.number(4, modules.size()));
    OVM_TRY(info.number(4, module_list.value()));
    for (int i = 0; i < 4; ++i)
        OVM_TRY(info.number(4, 0)); // symbols
    OVM_TRY(info.number(4, map.size() * map_entry_size));
    OVM_TRY(info.number(4, memory_map.value()));
    for (int i = 0; i < 3; ++i)
        OVM_TRY(info.number(4, 0)); // drives, configuration table
    OVM_TRY(info.number(4, loader_name.value()));
    while (info.at() < module_list)
        OVM_TRY(info.number(4, 0)); // APM, VBE, framebuffer
    return {};
}

} // namespace ovm::interface
