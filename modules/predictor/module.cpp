#include "predictor.hpp"

OVM_MODULE(ovm::object::provides<ovm::processor::Halt, ovm::modules::Predictor>)
