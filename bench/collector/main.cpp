#include <cstring>

#include "collector/world.hpp"

/// Prints `bench: NAME VALUE` lines; bench/objects reads them. With a word, one part only: what came before would share
/// its memory.
int main(int count, char** words)
{
    using namespace ovm::bench;
    auto const wanted = [&](const char* part) { return count < 2 || std::strcmp(words[1], part) == 0; };
    if (wanted("instructions"))
        measure_instructions();
    if (wanted("throughput"))
        measure_throughput(Pages_of::small);
    if (wanted("throughput-large-pages"))
        measure_throughput(Pages_of::large);
    if (wanted("pauses"))
        measure_pauses();
    if (wanted("slices"))
        measure_slices();
    return 0;
}
