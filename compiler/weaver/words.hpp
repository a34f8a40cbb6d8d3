#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ovm::compiler
{

/// One token, as far as a sketch needs it.
struct Word
{
    enum class Kind
    {
        name,
        text, ///< a string literal, without its quotes
        sign,
    };
    Kind kind;
    std::string_view spelling;
};

/// The tokens of a text, without comments, lines of the preprocessor and numbers.
[[nodiscard]] std::vector<Word> words_of(std::string_view text);

} // namespace ovm::compiler
