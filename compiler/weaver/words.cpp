#include "words.hpp"

#include <algorithm>
#include <cctype>

namespace ovm::compiler
{
namespace
{

bool is_name(char character)
{
    return std::isalnum(static_cast<unsigned char>(character)) || character == '_';
}

class Scanner final
{
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::vector<Word> words()
    {
        while (at_ < text_.size())
        {
            step();
        }
        return std::move(words_);
    }

private:
    void step()
    {
        const char first = text_[at_];
        if (first == '\n')
        {
            ++at_;
            line_begins_ = true;
        }
        else if (std::isspace(static_cast<unsigned char>(first)))
        {
            ++at_;
        }
        else if (text_.substr(at_).starts_with("//"))
        {
            skip_line();
        }
        else if (text_.substr(at_).starts_with("/*"))
        {
            at_ = std::min(text_.size(),
                           text_.find("*/", at_ + 2) == text_.npos ? text_.size() : text_.find("*/", at_ + 2) + 2);
        }
        else if (first == '#' && line_begins_)
        {
            skip_line();
        }
        else
        {
            line_begins_ = false;
            token(first);
        }
    }

    /// With its continuations.
    void skip_line()
    {
        do
        {
            at_ = std::min(text_.find('\n', at_ + 1), text_.size());
        } while (at_ < text_.size() && text_[at_ - 1] == '\\');
    }

    void token(char first)
    {
        if (std::isdigit(static_cast<unsigned char>(first)))
        {
            // Digit separators are part of a number, not the start of a character.
            while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.' || text_[at_] == '\''))
            {
                ++at_;
            }
        }
        else if (is_name(first))
        {
            const std::size_t start = at_;
            while (at_ < text_.size() && is_name(text_[at_]))
            {
                ++at_;
            }
            const std::string_view name = text_.substr(start, at_ - start);
            if (at_ < text_.size() && text_[at_] == '"' && name.ends_with('R'))
            {
                raw_string();
            }
            else
            {
                words_.push_back({Word::Kind::name, name});
            }
        }
        else if (first == '"' || first == '\'')
        {
            literal(first);
        }
        else
        {
            const std::size_t length = text_.substr(at_).starts_with("::") ? 2 : 1;
            words_.push_back({Word::Kind::sign, text_.substr(at_, length)});
            at_ += length;
        }
    }

    void literal(char quote)
    {
        const std::size_t start = ++at_;
        while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n')
        {
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        at_ = std::min(at_, text_.size());
        if (quote == '"')
        {
            words_.push_back({Word::Kind::text, text_.substr(start, at_ - start)});
        }
        ++at_;
    }

    void raw_string()
    {
        const std::size_t open = text_.find('(', at_);
        if (open == text_.npos)
        {
            at_ = text_.size();
            return;
        }
        const std::string close = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
        const std::size_t end = text_.find(close, open);
        words_.push_back({Word::Kind::text, text_.substr(open + 1, std::min(end, text_.size()) - open - 1)});
        at_ = end == text_.npos ? text_.size() : end + close.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool line_begins_ = true;
    std::vector<Word> words_;
};

} // namespace

std::vector<Word> words_of(std::string_view text)
{
    return Scanner(text).words();
}

} // namespace ovm::compiler
