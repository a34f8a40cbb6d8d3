#pragma once

/// The guest-physical to host-physical tree of one VM, `Nested_table`: one class for every port, chosen here.
#include "arch/x86_64/nested_table.hpp"
#include "arch/x86_64/nested_table_update.hpp"
