#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/text.hpp"

namespace ovm::interface
{

/// One line as a person types it: printable characters, backspace, Ctrl-U for all, Ctrl-C to give up, Enter.
/// Invariant: size_ <= capacity. Concurrency: the owner's.
class Line_editor
{
public:
    static constexpr std::size_t capacity = 200;
    enum class State : std::uint8_t
    {
        typing,
        entered,
        given_up
    };

    /// A key, and what the terminal shows for it.
    State type(std::uint8_t key, Text_writer& echo)
    {
        constexpr std::uint8_t control_c = 3, backspace = 8, enter = 13, line_feed = 10, control_u = 21,
                               delete_key = 127;
        if (key == enter || key == line_feed)
        {
            echo << "\r\n";
            return State::entered;
        }
        if (key == control_c)
        {
            echo << "^C\r\n";
            return State::given_up;
        }
        if (key == control_u)
        {
            size_ = 0;
            echo << "\r\x1b[K";
        }
        else if ((key == backspace || key == delete_key) && size_ > 0)
        {
            --size_;
            echo << "\b \b";
        }
        else if (key >= ' ' && key < delete_key && size_ < capacity)
        {
            text_[size_++] = static_cast<char>(key);
            echo << static_cast<char>(key);
        }
        return State::typing;
    }

    std::string_view line() const { return std::string_view(std::span(text_).first(size_)); }
    void clear() { size_ = 0; }

private:
    std::array<char, capacity> text_{};
    std::size_t size_ = 0;
};

} // namespace ovm::interface
