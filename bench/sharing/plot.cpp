#include "sharing/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace ovm::bench
{

namespace
{

constexpr double width = 720;
constexpr double height = 360;
constexpr double left = 60;
constexpr double top = 50;
constexpr double right = 500;
constexpr double bottom = 310;
constexpr double beside = 2; ///< equal values are drawn beside each other
/// Told apart without colours, too: each has its own dashes (Okabe and Ito's palette).
constexpr std::array<std::string_view, 7> colours{"#0072b2", "#009e73", "#e69f00", "#56b4e9",
                                                  "#cc79a7", "#d55e00", "#000000"};
constexpr std::array<std::string_view, 7> dashes{"", "2 3", "8 3", "1 5", "12 4 2 4", "4 4", ""};

std::string number(double value)
{
    std::array<char, 32> text{};
    auto const length = std::snprintf(text.data(), text.size(), "%.4g", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string text(double x, double y, std::string_view anchor, std::string_view what)
{
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) + "\">" +
           std::string(what) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view colour)
{
    return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
           "\" stroke=\"" + std::string(colour) + "\"/>\n";
}

} // namespace

std::string plot(std::string_view title, const std::vector<Series>& series)
{
    double most = 1;
    std::size_t points = 2;
    for (auto const& each : series)
    {
        most = std::max(most, *std::ranges::max_element(each.values));
        points = std::max(points, each.values.size());
    }
    most = std::ceil(most);
    auto const x_of = [&](std::size_t point)
    { return left + (right - left) * static_cast<double>(point) / static_cast<double>(points - 1); };
    auto const y_of = [&](double value) { return bottom - (bottom - top) * value / most; };

    auto result = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
                  "\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" "
                  "fill=\"white\"/>\n";
    result += text(left, 25, "start", title);
    for (double value = 0; value <= most; ++value)
    {
        result += line(left, y_of(value), right, y_of(value), "#dddddd");
        result += text(left - 8, y_of(value) + 4, "end", number(value));
    }
    for (std::size_t point = 0; point < points; ++point)
        result += text(x_of(point), bottom + 20, "middle", number(std::exp2(static_cast<double>(point))));
    result += text((left + right) / 2, bottom + 40, "middle", "cores");
    for (std::size_t i = 0; i < series.size(); ++i)
    {
        auto const style = " stroke=\"" + std::string(colours[i % colours.size()]) + "\" stroke-width=\"2\" " +
                           "stroke-dasharray=\"" + std::string(dashes[i % dashes.size()]) + "\" fill=\"none\"";
        std::string path;
        for (std::size_t point = 0; point < series[i].values.size(); ++point)
            path += (point == 0 ? "M" : " L") + number(x_of(point)) + " " +
                    number(y_of(series[i].values[point]) - beside * static_cast<double>(i));
        result += "<path d=\"" + path + "\"" + style + "/>\n";
        auto const y = top + 20 * static_cast<double>(i);
        result += "<path d=\"M" + number(right + 20) + " " + number(y) + " L" + number(right + 60) + " " + number(y) +
                  "\"" + style + "/>\n" + text(right + 68, y + 4, "start", series[i].name);
    }
    return result + "</svg>\n";
}

} // namespace ovm::bench
