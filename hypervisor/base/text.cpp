#include "base/text.hpp"

#include "base/bits.hpp"
#include "base/contract.hpp"

namespace ovm
{

Text_writer& Text_writer::operator<<(char character)
{
    [[maybe_unused]] auto const before = used_;
    if (used_ < into_.size())
        into_[used_++] = character;
    OVM_PROMISES(before < into_.size() ? used_ == before + 1 && into_[before] == character : used_ == before);
    return *this;
}

Text_writer& Text_writer::operator<<(std::string_view text)
{
    for (char character : text)
        *this << character;
    return *this;
}

Text_writer& Text_writer::operator<<(Hex number)
{
    *this << "0x";
    bool started = false;
    for (unsigned digit = 16; digit-- > 0;)
    {
        auto const nibble = field(number.value, digit * 4, 4);
        if (nibble != 0 || digit < number.digits || digit == 0)
            started = true;
        if (started)
            *this << static_cast<char>(nibble < 10 ? '0' + nibble : 'a' + (nibble - 10));
    }
    return *this;
}

Text_writer& Text_writer::operator<<(std::uint64_t number)
{
    std::array<char, 20> digits{};
    std::size_t count = 0;
    do
    {
        digits[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0)
        *this << digits[--count];
    return *this;
}

Text_writer& Text_writer::operator<<(std::int64_t number)
{
    if (number < 0)
        return *this << '-' << (~static_cast<std::uint64_t>(number) + 1);
    return *this << static_cast<std::uint64_t>(number);
}

Text_writer& Text_writer::operator<<(Bytes size)
{
    constexpr std::array<std::string_view, 5> units{" B", " KiB", " MiB", " GiB", " TiB"};
    auto value = size.value();
    std::size_t unit = 0;
    while (unit + 1 < units.size() && value != 0 && value % 1024 == 0)
    {
        value /= 1024;
        ++unit;
    }
    return *this << value << units[unit];
}

} // namespace ovm
