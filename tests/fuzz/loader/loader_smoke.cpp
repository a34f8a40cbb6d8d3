/// Good modules with a few bytes changed, and code made at random, the same ones each time: a smoke run of what
/// fuzz_loader does for as long as one lets it.
///
///     loader_smoke [COUNT]
#include <cstdio>
#include <cstdlib>
#include <random>

#include "fuzz/loader/try_module.hpp"
#include "unit/loader/halt_module.hpp"

int main(int count, char** words)
{
    auto const runs = count > 1 ? std::strtoul(words[1], nullptr, 10) : 100'000;
    ovm::test::Halt_module module;
    module.import(56, "memcpy");
    auto const file = module.build();
    ovm::test::Code const body(file.begin() + sizeof(ovm::loader::format::Envelope), file.end());
    std::minstd_rand random(20);
    for (unsigned long run = 0; run < runs; ++run)
    {
        ovm::test::Code input{static_cast<std::uint8_t>(run % 500 == 0 ? 2 : run % 2)};
        auto const& seed = input[0] == 1 ? module.text : body;
        input.insert(input.end(), seed.begin(), seed.end());
        for (auto changes = random() % 6; changes > 0; --changes)
            input[1 + random() % (input.size() - 1)] = static_cast<std::uint8_t>(random() >> 5);
        if (random() % 16 == 0)
            input.resize(1 + random() % input.size());
        ovm::fuzz::try_module(input);
    }
    std::printf("loader: %lu modules tried\n", runs);
    return 0;
}
