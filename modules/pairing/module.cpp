#include "pairing.hpp"

OVM_MODULE(ovm::object::provides<ovm::processor::Scheduler, ovm::modules::Pairing>)
