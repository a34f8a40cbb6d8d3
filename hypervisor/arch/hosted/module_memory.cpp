#include "arch/module_memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

#include "arch/hosted/machine.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

namespace
{

constexpr Bytes place_size{512 << 10};
constexpr Bytes area_size = place_size * module_places;

std::array<std::atomic<std::uint64_t>, max_cores> renewed{};

std::uint8_t* area()
{
    static auto* const the = []
    {
        void* const memory =
            mmap(nullptr, area_size.value(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
        {
            std::perror("hosted modules: mmap");
            std::abort();
        }
        return static_cast<std::uint8_t*>(memory);
    }();
    return the;
}

void protect(std::size_t place, Bytes from, Bytes size, int rights)
{
    OVM_ASSERT(mprotect(area() + (place_size * place + from).value(), size.value(), rights) == 0);
}

} // namespace

Host_virtual module_place(std::size_t place)
{
    OVM_REQUIRES_THAT(place < module_places);
    return Host_virtual(reinterpret_cast<std::uint64_t>(area()) + (place_size * place).value());
}

std::optional<std::size_t> find_module(std::uint64_t address)
{
    auto const begin = reinterpret_cast<std::uint64_t>(area());
    if (address < begin || address - begin >= area_size.value())
        return {};
    return (address - begin) / place_size.value();
}

/// The frames' content as it is now: nobody may write to them while they are mapped.
void map_module(std::size_t place, Host_physical at, Bytes text, Bytes constants)
{
    OVM_REQUIRES_THAT(text + constants <= module_most);
    auto const bytes = physical_bytes(at, text + constants);
    protect(place, Bytes(0), text + constants, PROT_READ | PROT_WRITE);
    std::ranges::copy(bytes, area() + (place_size * place).value());
    protect(place, Bytes(0), text, PROT_READ | PROT_EXEC);
    if (constants != Bytes(0))
        protect(place, text, constants, PROT_READ);
}

void unmap_module(std::size_t place, Bytes size)
{
    protect(place, Bytes(0), size, PROT_NONE);
}

void renew_module(std::size_t, Bytes)
{
    renewed[this_core().value()].fetch_add(1);
}

std::uint64_t hosted::renewals(Core_id core)
{
    return renewed[core.value()].load();
}

} // namespace ovm::arch
