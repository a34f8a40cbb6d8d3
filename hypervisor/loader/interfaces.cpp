#include "loader/interfaces.hpp"

namespace ovm::loader
{

namespace
{

using enum object::Family_id;

constexpr std::array interfaces{
#include <interface-hashes.inc>
};

} // namespace

std::span<const Interface> own_interfaces()
{
    return interfaces;
}

} // namespace ovm::loader
