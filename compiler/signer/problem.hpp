#pragma once

#include <string>

#include "signer.hpp"

namespace ovm::compiler::signer
{

inline std::unexpected<Problem> refuse(std::string what, std::string why, std::string mend)
{
    return std::unexpected(Problem{std::move(what), std::move(why), std::move(mend)});
}

} // namespace ovm::compiler::signer

/// The value of a Checked, or a return of its problem to the caller.
#define OVM_TAKE(variable, ...)                                                                                        \
    auto variable##_or_problem = (__VA_ARGS__);                                                                        \
    if (!variable##_or_problem)                                                                                        \
        return std::unexpected(std::move(variable##_or_problem).error());                                              \
    auto& variable = *variable##_or_problem
