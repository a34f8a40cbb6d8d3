#pragma once

#include "arch/x86_64/layout.hpp"
#include "base/strong.hpp"

/// Where the linker put what (image.ld).
namespace ovm::arch
{

Range<Host_virtual> image_all();
Range<Host_virtual> image_text();
/// What of it is the port (arch/): a fault in there costs the core.
Range<Host_virtual> image_port();
Range<Host_virtual> image_constants();
Range<Host_virtual> image_data();
Range<Host_virtual> image_crash_page();
Range<Host_virtual> image_symbols();
Range<Host_virtual> image_fixups();
/// Where boot's stack ends; nobody needs it once core 0 runs on its own.
Host_virtual boot_stack_end();

constexpr Host_physical image_physical(Host_virtual at)
{
    return Host_physical((at - image_map).value());
}

} // namespace ovm::arch
