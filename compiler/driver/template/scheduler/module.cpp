#include "template_file.hpp"

OVM_MODULE(ovm::object::provides<ovm::processor::Scheduler, ovm::modules::Template_class>)
