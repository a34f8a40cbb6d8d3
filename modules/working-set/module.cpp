#include "working_set.hpp"

OVM_MODULE(ovm::object::provides<ovm::memory::Population, ovm::modules::Working_set>)
