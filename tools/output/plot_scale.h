// One axis of a plot: where values lie on it, and at which of them it is marked.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/output/svg_plot.h"

namespace kelvin {

// From a value to a place between 0 and 1 on its axis, which holds what the axis says, or what the plot's data need.
class PlotScale {
 public:
  PlotScale(const PlotAxis& axis, const Plot& plot, bool is_x);

  double place(double value) const;
  bool shows(double value) const;  // has a place, perhaps outside
  bool inside(double value) const;
  // The axis' own ticks, or round numbers, decades on a long logarithmic axis; those that are inside.
  std::vector<std::pair<double, std::string>> ticks() const;

 private:
  std::vector<std::pair<double, std::string>> decades() const;
  std::vector<std::pair<double, std::string>> round_numbers() const;

  const PlotAxis& axis_;
  double low_, high_;
};

}  // namespace kelvin
