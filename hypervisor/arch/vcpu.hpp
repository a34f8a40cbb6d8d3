#pragma once

#include "arch/exit.hpp"

/// A guest's processor, `Virtual_processor`, and a core's part in running guests, `Virtual_core`: one class each for
/// every port, chosen here, so that nothing on the way in and out of a guest is virtual. The hosted port runs the same
/// code over a recorded processor (arch/hosted/vcpu.hpp).
#include "arch/x86_64/svm/run.hpp"
#include "arch/x86_64/svm/virtual_processor.hpp"
