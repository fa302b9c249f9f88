#include "tools/lab/thermometer/thermometer_plots.h"

#include <algorithm>
#include <cmath>

#include "engine/platform/available_processors.h"
#include "engine/platform/in_parallel.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/page_text.h"
#include "tools/output/temperature_axis.h"

namespace kelvin {
namespace {

std::string star_of(const TemperatureFit& fit) { return "T* = " + with_signs(temperature_text(fit.beta)); }

// In front of what is said of one text of several.
std::string prefix(std::span<const FittedText> texts, const FittedText& of) {
  return texts.size() > 1 ? of.text.name + ", " : "";
}

// value(x) at `count` places between and at the ends.
template <class Value>
std::vector<std::pair<double, double>> curve(double low, double high, int count, const Value& value) {
  std::vector<std::pair<double, double>> points(static_cast<std::size_t>(count));
  in_parallel(points.size(), available_processors(), [&](std::size_t i) {
    const double x = low + (high - low) * static_cast<double>(i) / (count - 1);
    points[i] = {x, value(x)};
  });
  return points;
}

Plot cost_plot(std::span<const FittedText> texts) {
  Plot plot{texts.size() > 1 ? "what the texts cost at every temperature"
                             : "what the text costs at every temperature",
            temperature_axis(),
            {"nats per token"}};
  constexpr int points = 81;
  double uniform = 1e-3;
  for (const FittedText& of : texts) {
    const double count = static_cast<double>(of.text.steps.size());
    const auto cost = [&](double place) {
      return text_statistics(of.text.steps, beta_at(place)).nll / count;
    };
    constexpr double end = 1 - 2.0 / (points + 1);
    plot.series.push_back(
        {texts.size() > 1 ? of.text.name : "surprise of the text", curve(-end, end, points, cost)});
    uniform = std::max(uniform, text_statistics(of.text.steps, 0).nll / count);
  }
  for (const FittedText& of : texts) {
    if (std::isnan(of.fit.beta)) continue;
    PlotSeries best{"",
                    {{place_of(of.fit.beta), of.fit.nll / static_cast<double>(of.text.steps.size())}},
                    PlotSeries::Style::points};
    best.names = {prefix(texts, of) + star_of(of.fit)};
    best.written = 1;
    best.like = static_cast<std::size_t>(&of - texts.data());
    plot.series.push_back(std::move(best));
  }
  plot.y.low = 0;
  plot.y.high = 1.5 * uniform;
  return plot;
}

Plot reliability_plot(std::span<const FittedText> texts, const ThermometerFormat& format) {
  Plot plot{"reliability: does the model know how sure it may be?",
            {"confidence: probability of its first choice", false, 0.0, 1.0},
            {"how often that token came", false, 0.0, 1.0},
            {{"calibrated", {{0, 0}, {1, 1}}, PlotSeries::Style::dashed}}};
  const auto add = [&](const FittedText& of, const std::string& name, double beta) {
    PlotSeries line{prefix(texts, of) + name};
    for (const ReliabilityBin& bin : reliability_bins(of.text, beta, format))
      line.points.emplace_back(bin.confidence, bin.accuracy);
    plot.series.push_back(line);
  };
  for (const FittedText& of : texts) {
    add(of, "T = 1", 1.0);
    if (!std::isnan(of.fit.beta)) add(of, star_of(of.fit), of.fit.beta);
    add(of, "least error, T = " + temperature_text(of.calibration.fit.beta), of.calibration.fit.beta);
  }
  return plot;
}

int window_of(std::span<const FittedText> texts, const ThermometerFormat& format) {
  std::size_t steps = 1u << 20;
  for (const FittedText& of : texts) steps = std::min(steps, of.text.steps.size());
  return format.window.value_or(std::max(20, static_cast<int>(steps) / 24));
}

Plot window_plot(std::span<const FittedText> texts, int size) {
  Plot plot{"temperature along the text, windows of " + std::to_string(size) + " tokens",
            {"position"},
            {"β* = 1/T*"}};
  for (const FittedText& of : texts) {
    PlotSeries line{texts.size() > 1 ? of.text.name : "β*"},
        errors{"± one robust error", {}, PlotSeries::Style::dashed},
        whole{prefix(texts, of) + "the whole text", {}, PlotSeries::Style::dashed};
    std::vector<std::pair<double, double>> above;
    for_each_window(of.text.steps.size(), size, [&](std::size_t first, std::size_t count) {
      const TemperatureFit part = fit_temperature(std::span(of.text.steps).subspan(first, count));
      const double at = of.text.facts[first].position + static_cast<double>(count) / 2;
      line.points.emplace_back(at, part.beta);
      errors.points.emplace_back(at, part.beta - part.robust_error);
      above.emplace_back(at, part.beta + part.robust_error);
      if (std::isfinite(of.fit.beta)) whole.points.emplace_back(at, of.fit.beta);
    });
    // The line below and, after a gap, the line above.
    errors.points.emplace_back(std::nan(""), 0);
    errors.points.insert(errors.points.end(), above.begin(), above.end());
    plot.series.push_back(std::move(line));
    if (texts.size() == 1) plot.series.push_back(std::move(errors));
    if (texts.size() > 1) whole.like = plot.series.size() - 1;
    plot.series.push_back(std::move(whole));
  }
  return plot;
}

// Where both have a finite beta*: a text fits any beta under which it loses few nats.
Plot loss_plot(std::span<const FittedText> texts, const TemperatureFit& common) {
  Plot plot{"what each text loses at another temperature", {"β = 1/T"}, {"nats lost, of the whole text"}};
  double low = infinity, high = -infinity;
  for (const FittedText& of : texts) {
    const double reach = 4 * std::max(of.fit.standard_error, of.fit.robust_error);
    low = std::min(low, of.fit.beta - reach);
    high = std::max(high, of.fit.beta + reach);
  }
  plot.x.name_of = [](double beta) { return formatted("β = %.4g", beta); };
  plot.y.name_of = [](double nats) { return formatted("%.3g nats lost", nats); };
  plot.y.low = 0;
  for (const FittedText& of : texts)
    plot.series.push_back({of.text.name, curve(low, high, 81, [&](double beta) {
                             return std::max(0.0, text_statistics(of.text.steps, beta).nll - of.fit.nll);
                           })});
  for (std::size_t i = 0; i < texts.size(); ++i)
    plot.series.push_back({"",
                           {{texts[i].fit.beta, 0}},
                           PlotSeries::Style::points,
                           {texts[i].text.name + ": " + star_of(texts[i].fit)},
                           0,
                           i});
  PlotSeries line{"both as one, " + star_of(common), {}, PlotSeries::Style::dashed};
  double most = 0;
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (const auto& point : plot.series[i].points) most = std::max(most, point.second);
  line.points = {{common.beta, 0}, {common.beta, most}};
  plot.series.push_back(line);
  return plot;
}

}  // namespace

std::vector<Plot> thermometer_plots(std::span<const FittedText> texts, const ThermometerFormat& format) {
  std::vector<Plot> plots = {cost_plot(texts)};
  if (texts.size() == 2) {
    const FitComparison both = compare_fits(texts[0].text, texts[1].text);
    const bool finite = std::all_of(texts.begin(), texts.end(), [](const FittedText& of) {
      return std::isfinite(of.fit.beta) && std::isfinite(of.fit.standard_error);
    });
    if (finite && std::isfinite(both.common.beta)) plots.push_back(loss_plot(texts, both.common));
  }
  plots.push_back(reliability_plot(texts, format));
  plots.push_back(window_plot(texts, window_of(texts, format)));
  return plots;
}

}  // namespace kelvin
