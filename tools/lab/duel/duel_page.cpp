#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "tokenizer/base/formatted.h"
#include "tools/lab/duel/duel_report.h"
#include "tools/output/html_page.h"

namespace kelvin {
namespace {

double centre_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

const DuelMeasure& measure(const DuelReport& report, std::string_view key) {
  return *std::find_if(report.measures.begin(), report.measures.end(),
                       [&](const DuelMeasure& m) { return m.key == key; });
}

}  // namespace

Plot duel_front(const DuelReport& report) {
  Plot plot{"quality and diversity: means, and where they lie with 95 % confidence",
            {"different pairs of tokens (diversity)"},
            {"mean ln p of a token (quality)"}};
  for (std::size_t c = 0; c < report.chains.size(); ++c) {
    std::vector<double> x, y;
    for (std::size_t d = 0; d < report.draws.size(); ++d) {
      const double diversity = measure(report, "distinct_2").values[c][d],
                   quality = measure(report, "ln_p").values[c][d];
      if (std::isnan(diversity) || std::isnan(quality)) continue;
      x.push_back(diversity);
      y.push_back(quality);
    }
    if (x.empty()) continue;
    const double mx = centre_of(x), my = centre_of(y), n = static_cast<double>(x.size());
    double xx = 0, xy = 0, yy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      xx += (x[i] - mx) * (x[i] - mx);
      xy += (x[i] - mx) * (y[i] - my);
      yy += (y[i] - my) * (y[i] - my);
    }
    PlotSeries region{report.chains[c]};
    // Of the covariance of the means, by its Cholesky factor; 5.991: 95 % of chi-square with two degrees of freedom.
    const double scale = n > 1 ? std::sqrt(5.991 / (n * (n - 1))) : 0, a = std::sqrt(xx),
                 b = a > 0 ? xy / a : 0, r = std::sqrt(std::max(0.0, yy - b * b));
    for (int k = 0; k <= 60; ++k) {
      const double angle = 2 * std::numbers::pi * k / 60, u = scale * std::cos(angle),
                   v = scale * std::sin(angle);
      region.points.emplace_back(mx + a * u, my + b * u + r * v);
    }
    plot.series.push_back(std::move(region));
    PlotSeries centre{"", {{mx, my}}, PlotSeries::Style::points, {report.chains[c]}, 1};
    centre.like = plot.series.size() - 1;
    plot.series.push_back(std::move(centre));
  }
  return plot;
}

std::string duel_html(const DuelReport& report, const Provenance& provenance) {
  std::string body = "<div class=\"scroll\" tabindex=\"0\"><pre>" + escape_markup(duel_table(report)) +
                     "</pre></div>\n" + svg_of(duel_front(report));
  constexpr std::size_t most = 100;
  std::vector<std::string> header = {"draw"};
  header.insert(header.end(), report.chains.begin(), report.chains.end());
  std::vector<std::vector<std::string>> rows;
  for (std::size_t d = 0; d < std::min(most, report.draws.size()); ++d) {
    rows.push_back({std::to_string(d)});
    for (const DuelText& text : report.draws[d].texts) rows.back().push_back(text.text);
  }
  body += "<h2>The texts</h2>\n";
  if (report.draws.size() > most)
    body += formatted("<p class=\"soft\">The first %zu of %zu draws.</p>\n", most, report.draws.size());
  return html_of({"A duel of " + std::to_string(report.chains.size()) + " chains",
                  body + html_table(header, rows), "", "", provenance_html(provenance)});
}

}  // namespace kelvin
