#include "arch/x86_64/image.hpp"

#include <cstdint>

extern "C"
{
    extern const std::uint8_t image_begin[];
    extern const std::uint8_t crash_page[];
    extern const std::uint8_t image_text_begin[];
    extern const std::uint8_t image_text_end[];
    extern const std::uint8_t port_text_begin[];
    extern const std::uint8_t port_text_end[];
    extern const std::uint8_t image_constants_end[];
    extern const std::uint8_t image_end[];
    extern const std::uint8_t symbols_begin[];
    extern const std::uint8_t symbols_end[];
    extern const std::uint8_t fixups_begin[];
    extern const std::uint8_t fixups_end[];
    extern const std::uint8_t boot_stack_top[];
}

namespace ovm::arch
{

namespace
{

Range<Host_virtual> between(const std::uint8_t* begin, const std::uint8_t* end)
{
    return {Host_virtual(reinterpret_cast<std::uint64_t>(begin)),
            Bytes(reinterpret_cast<std::uint64_t>(end) - reinterpret_cast<std::uint64_t>(begin))};
}

} // namespace

Range<Host_virtual> image_all()
{
    return between(image_begin, image_end);
}

Range<Host_virtual> image_text()
{
    return between(image_text_begin, image_text_end);
}

Range<Host_virtual> image_port()
{
    return between(port_text_begin, port_text_end);
}

Range<Host_virtual> image_constants()
{
    return between(image_text_end, image_constants_end);
}

Range<Host_virtual> image_data()
{
    return between(image_constants_end, image_end);
}

Range<Host_virtual> image_crash_page()
{
    return between(crash_page, crash_page + page_size.value());
}

Range<Host_virtual> image_symbols()
{
    return between(symbols_begin, symbols_end);
}

Range<Host_virtual> image_fixups()
{
    return between(fixups_begin, fixups_end);
}

Host_virtual boot_stack_end()
{
    return Host_virtual(reinterpret_cast<std::uint64_t>(boot_stack_top));
}

} // namespace ovm::arch
