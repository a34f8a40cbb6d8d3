#include "colouring.hpp"

OVM_MODULE(ovm::object::provides<ovm::memory::Frame_policy, ovm::modules::Colouring>)
