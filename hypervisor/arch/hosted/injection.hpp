#pragma once

#include "arch/injection_plan.hpp"

/// Faults that tests inject at the places of arch/injection.hpp.
namespace ovm::arch::hosted
{

/// The process's. Nothing is seen, and nothing fails, before it was asked for.
Injection_plan& injection_plan();

} // namespace ovm::arch::hosted
