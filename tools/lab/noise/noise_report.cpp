#include "tools/lab/noise/noise_report.h"

#include <algorithm>
#include <cmath>

#include "loaders/json/json_writer.h"
#include "tools/output/formatted.h"
#include "tools/output/html_page.h"

namespace kelvin {
namespace {

std::vector<BandSummary> summary_of(const NoiseRun& run, std::size_t vocabulary) {
  return summarise_bands(run.bands, run.steps, vocabulary);
}

// Where the order of the tail stops to mean anything: the bands next to the end that are signal throughout.
std::string verdict(const std::vector<BandSummary>& bands) {
  const auto noise =
      std::find_if(bands.rbegin(), bands.rend(), [](const BandSummary& band) { return !band.signal; });
  if (noise == bands.rend())
    return "every band is signal: the order of the tail means something to its very end";
  if (noise == bands.rbegin()) return "the very end is noise: which token is least likely means nothing";
  return "the end is signal up to " + (noise - 1)->band.name() + "; " + noise->band.name() + " is noise";
}

struct Calibration {
  double in_f32, here;
};

Calibration calibration_of(const NoiseRun& run) {
  const auto error = [](const std::vector<Prediction>& predictions) {
    return expected_calibration_error(reliability(predictions, Binning::equal_mass));
  };
  return {error(run.in_f32), error(run.here)};
}

std::string headline(const NoiseRun& run) {
  const Calibration ece = calibration_of(run);
  return run.name + " against f32: " + std::to_string(run.steps.size()) +
         formatted(" steps, KL %.3g nats, ECE %.2f %%", run.kl(), 100 * ece.here) +
         formatted(" (f32: %.2f %%)", 100 * ece.in_f32);
}

}  // namespace

std::string noise_table(const NoiseResult& result) {
  std::string out;
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    out += (out.empty() ? "" : "\n") + headline(run) +
           "\n  rank in f32            same band       +-   by chance  correlation  |dz| median\n";
    for (const BandSummary& band : bands) {
      out += formatted("  %-20s %9.2f %% %6.2f %% %9.2f %%  ", band.band.name().c_str(), 100 * band.agreement,
                       100 * band.agreement_error, 100 * band.by_chance);
      out += (std::isnan(band.correlation) ? std::string("          -")
                                           : formatted("%11.4f", band.correlation)) +
             formatted("  %11.3g  %s\n", band.median_error, band.signal ? "signal" : "noise");
    }
    out += "  " + verdict(bands) + "\n";
  }
  return out;
}

std::string noise_json(const NoiseResult& result) {
  std::string out;
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    for (const BandSummary& band : bands) {
      JsonWriter json;
      json.begin_object()
          .member("run", run.name)
          .member("band", band.band.name())
          .member("first", band.band.first);
      json.member("last", band.band.last)
          .member("from_end", band.band.from_end)
          .member("agreement", band.agreement);
      json.member("agreement_se", band.agreement_error)
          .member("by_chance", band.by_chance)
          .key("correlation");
      std::isnan(band.correlation) ? json.value(nullptr) : json.value(band.correlation);
      json.member("logit_error", band.median_error).member("signal", band.signal).end_object();
      out += json.text() + "\n";
    }
    const Calibration ece = calibration_of(run);
    JsonWriter json;
    json.begin_object().member("run", run.name).member("steps", run.steps.size()).member("kl", run.kl());
    json.member("ece_f32", ece.in_f32).member("ece", ece.here).member("verdict", verdict(bands)).end_object();
    out += json.text() + "\n";
  }
  return out;
}

std::vector<Plot> noise_plots(const NoiseResult& result) {
  std::vector<Plot> plots;
  const auto plot = [&](const char* title, const char* label, PlotAxis y,
                        double (*value)(const BandSummary&)) {
    Plot p{title,        {"rank in f32, from the likeliest to the least likely", false, {}, {}, {}},
           std::move(y), {},
           820,          380};
    p.y.label = label;
    for (const NoiseRun& run : result.runs) {
      const auto bands = summary_of(run, result.vocabulary);
      PlotSeries line{run.name, {}, PlotSeries::Style::line};
      for (std::size_t i = 0; i < bands.size(); ++i) {
        line.points.emplace_back(static_cast<double>(i), value(bands[i]));
        if (&run == &result.runs.front())
          p.x.ticks.emplace_back(static_cast<double>(i), bands[i].band.name());
      }
      p.series.push_back(std::move(line));
    }
    if (!p.series.empty() && p.y.high) {
      PlotSeries chance{"by chance", {}, PlotSeries::Style::dashed};
      const auto bands = summary_of(result.runs.front(), result.vocabulary);
      const bool agreement = *p.y.low == 0;
      for (std::size_t i = 0; i < bands.size(); ++i)
        chance.points.emplace_back(static_cast<double>(i), agreement ? bands[i].by_chance : 0.0);
      p.series.push_back(std::move(chance));
    }
    plots.push_back(std::move(p));
  };
  plot("the same tokens in the band", "share", {"", false, 0.0, 1.0, {}},
       [](const BandSummary& b) { return b.agreement; });
  plot("the same order within the band", "Spearman correlation", {"", false, -0.2, 1.0, {}},
       [](const BandSummary& b) { return b.correlation; });
  plot("how far logits move", "median |dz|", {"", true, {}, {}, {}},
       [](const BandSummary& b) { return b.median_error; });
  return plots;
}

std::string noise_html(const NoiseResult& result) {
  std::string body =
      "<p>One text through the model in float32 and through versions that differ only in numerical detail. "
      "Tokens are "
      "grouped by their rank in float32; a band is signal where it keeps more of its tokens than a shuffled "
      "one would, "
      "by three standard errors.</p>\n<div class=\"plots\">\n";
  for (const Plot& plot : noise_plots(result)) body += svg_of(plot);
  body += "</div>\n";
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    std::vector<std::vector<std::string>> rows;
    for (const BandSummary& band : bands)
      rows.push_back({band.band.name(), formatted("%.2f %%", 100 * band.agreement),
                      formatted("%.2f %%", 100 * band.agreement_error),
                      formatted("%.2f %%", 100 * band.by_chance),
                      std::isnan(band.correlation) ? "-" : formatted("%.4f", band.correlation),
                      formatted("%.3g", band.median_error), band.signal ? "signal" : "noise"});
    body +=
        "<h2>" + escape_markup(run.name) + "</h2>\n<p>" + escape_markup(headline(run)) + "; " +
        escape_markup(verdict(bands)) + ".</p>\n" +
        html_table({"rank in f32", "same band", "+-", "by chance", "correlation", "|dz| median", ""}, rows);
  }
  return html_of({"Signal or noise", body, "", ""});
}

}  // namespace kelvin
