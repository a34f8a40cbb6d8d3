#pragma once

#include "aspects.hpp"

#include <string>
#include <vector>

namespace ovm::compiler
{

/// A place where advice goes, as text needs it.
struct Place
{
    std::string function; ///< its name
    std::string file;     ///< without its folder
    unsigned line = 0;
    std::string result;    ///< the return type of what around-advice replaces, as it may stand behind `->`
    std::string self;      ///< the object, `*this`; empty: there is none
    std::string arguments; ///< separated by commas
    bool constant = false; ///< the compiler may evaluate it
    bool returns = true;   ///< not a constructor or destructor, which cannot return even `void`
};

/// What stands before and behind the advised code.
struct Frame
{
    std::string before;
    std::string after;
};

/// Writes advice as C++. Names that it makes are unique within one weaving.
class Advised_text final
{
public:
    /// Around the statements of a body. `advice`: outermost first.
    [[nodiscard]] Frame around_body(const std::vector<const Advice*>& advice, const Place& place);
    /// Around an expression.
    [[nodiscard]] Frame around_call(const std::vector<const Advice*>& advice, const Place& place);

private:
    [[nodiscard]] std::string fresh(const char* stem) { return stem + std::to_string(++made_); }

    std::size_t made_ = 0;
};

} // namespace ovm::compiler
