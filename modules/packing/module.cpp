#include "packing.hpp"

OVM_MODULE(ovm::object::provides<ovm::processor::Placement, ovm::modules::Packing>)
