#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ovm::bench
{

/// One line of a plot: a value for each number of cores.
struct Series
{
    std::string name{};
    std::vector<double> values{};
};

/// Values over 1, 2, 4, ... cores as an SVG document.
std::string plot(std::string_view title, const std::vector<Series>& series);

} // namespace ovm::bench
