#pragma once

#include <string_view>

/// Text on the framebuffer or VGA text screen that the loader left; nothing without one.
namespace ovm::arch
{

void write_screen(std::string_view text);
/// Log lines no longer go to the screen by themselves; crash records still do (`framebuffer=off`).
void mute_screen();

} // namespace ovm::arch
