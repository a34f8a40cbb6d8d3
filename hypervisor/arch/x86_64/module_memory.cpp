#include "arch/module_memory.hpp"

#include "arch/x86_64/control.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/paging.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

static_assert(module_area_size == module_place_size * module_places && module_most < module_place_size);

Host_virtual module_place(std::size_t place)
{
    OVM_REQUIRES_THAT(place < module_places);
    return module_area + module_place_size * place;
}

std::optional<std::size_t> find_module(std::uint64_t address)
{
    if (!Range<Host_virtual>{module_area, module_area_size}.contains(Host_virtual(address)))
        return {};
    return (address - module_area.value()) / module_place_size.value();
}

void map_module(std::size_t place, Host_physical at, Bytes text, Bytes constants)
{
    OVM_REQUIRES_THAT(text + constants <= module_most);
    auto const begin = module_place(place);
    auto tables = current_page_tables();
    OVM_REQUIRES_THAT(tables.find(begin) == 0);
    tables.map(begin, at, text, Page_kind::code);
    tables.map(begin + text, at + text, constants, Page_kind::constants);
}

void unmap_module(std::size_t place, Bytes size)
{
    auto const begin = module_place(place);
    for (auto page = begin; page < begin + size; page += page_size)
        current_page_tables().unmap_page(page);
}

/// INVLPG also serialises (APM volume 2, 7.6.4).
void renew_module(std::size_t place, Bytes size)
{
    auto const begin = module_place(place);
    for (auto page = begin; page < begin + size; page += page_size)
        invalidate_page(page.value());
}

} // namespace ovm::arch
