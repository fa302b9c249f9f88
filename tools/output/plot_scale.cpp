#include "tools/output/plot_scale.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tokenizer/base/formatted.h"

namespace kelvin {

PlotScale::PlotScale(const PlotAxis& axis, const Plot& plot, bool is_x) : axis_(axis) {
  low_ = std::numeric_limits<double>::infinity();
  high_ = -low_;
  for (const PlotSeries& series : plot.series) {
    for (const auto& [x, y] : series.points) {
      const double value = is_x ? x : y;
      if (!std::isfinite(x) || !std::isfinite(y) || (axis.logarithmic && value <= 0)) continue;
      low_ = std::min(low_, value);
      high_ = std::max(high_, value);
    }
  }
  low_ = axis.low.value_or(low_);
  high_ = axis.high.value_or(high_);
  if (!(low_ <= high_)) low_ = axis.logarithmic ? 0.1 : 0.0, high_ = 1.0;
  if (low_ == high_) {
    low_ = axis.logarithmic ? low_ / 2 : low_ - 0.5;
    high_ = axis.logarithmic ? high_ * 2 : high_ + 0.5;
  } else if (!is_x && axis.logarithmic) {
    const double margin = std::pow(high_ / low_, 0.04);
    if (!axis.low) low_ /= margin;
    if (!axis.high) high_ *= margin;
  } else if (!is_x) {
    const double margin = 0.04 * (high_ - low_);
    if (!axis.low && low_ != 0) low_ -= margin;
    if (!axis.high) high_ += margin;
  }
}

double PlotScale::place(double value) const {
  if (axis_.logarithmic) return std::log(value / low_) / std::log(high_ / low_);
  return (value - low_) / (high_ - low_);
}

bool PlotScale::shows(double value) const {
  return std::isfinite(value) && (!axis_.logarithmic || value > 0);
}

bool PlotScale::inside(double value) const {
  return shows(value) && place(value) > -1e-9 && place(value) < 1 + 1e-9;
}

std::vector<std::pair<double, std::string>> PlotScale::decades() const {
  std::vector<std::pair<double, std::string>> result;
  const int stride = std::max(1, static_cast<int>(std::ceil(std::log10(high_ / low_) / 8)));
  for (int e = static_cast<int>(std::floor(std::log10(low_)));
       e <= static_cast<int>(std::ceil(std::log10(high_))); ++e)
    if (const double value = std::pow(10.0, e); e % stride == 0)
      result.emplace_back(value, formatted("%.6g", value));
  return result;
}

std::vector<std::pair<double, std::string>> PlotScale::round_numbers() const {
  std::vector<std::pair<double, std::string>> result;
  const double rough = (high_ - low_) / 6, decade = std::pow(10.0, std::floor(std::log10(rough)));
  const double step = decade * (rough / decade < 1.5   ? 1
                                : rough / decade < 3.5 ? 2
                                : rough / decade < 7.5 ? 5
                                                       : 10);
  const double first = std::ceil(low_ / step - 1e-9);
  for (int i = 0; i < 20; ++i) {
    const double value = (first + i) * step;
    result.emplace_back(value, formatted("%.6g", std::fabs(value) < step * 1e-9 ? 0.0 : value));
  }
  return result;
}

std::vector<std::pair<double, std::string>> PlotScale::ticks() const {
  auto all = !axis_.ticks.empty()                      ? axis_.ticks
             : axis_.logarithmic && high_ / low_ >= 20 ? decades()
                                                       : round_numbers();
  std::erase_if(all, [&](const auto& tick) { return !inside(tick.first); });
  return all;
}

}  // namespace kelvin
