#include "tools/lab/noise/noise_report.h"

#include <algorithm>
#include <cmath>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/html_page.h"

namespace kelvin {
namespace {

std::vector<BandSummary> summary_of(const NoiseRun& run, std::size_t vocabulary) {
  std::vector<std::vector<BandComparison>> steps;
  for (const NoiseStep& step : run.steps) steps.push_back(step.bands);
  return summarise_bands(run.bands, steps, vocabulary);
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

std::vector<std::string> cells_of(const BandSummary& band) {
  return {band.band.name(),
          formatted("%.2f %%", 100 * band.agreement),
          formatted("%.2f %%", 100 * band.agreement_error),
          formatted("%.2f %%", 100 * band.by_chance),
          std::isnan(band.correlation) ? "-" : formatted("%.4f", band.correlation),
          formatted("%.3g", band.median_error),
          band.signal ? "signal" : "noise"};
}

struct Calibration {
  double in_f32, here;
};

Calibration calibration_of(const NoiseRun& run) {
  const auto error = [&](Prediction NoiseStep::*of) {
    std::vector<Prediction> predictions;
    for (const NoiseStep& step : run.steps) predictions.push_back(step.*of);
    return expected_calibration_error(reliability(predictions, Binning::equal_mass));
  };
  return {error(&NoiseStep::in_f32), error(&NoiseStep::here)};
}

std::string headline(const NoiseRun& run) {
  const Calibration ece = calibration_of(run);
  return formatted("%s against f32: %zu steps, KL %.3g nats, ECE %.2f %% (f32: %.2f %%)", run.name.c_str(),
                   run.steps.size(), run.kl(), 100 * ece.here, 100 * ece.in_f32);
}

}  // namespace

std::string noise_table(const NoiseResult& result) {
  std::string out;
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    out += (out.empty() ? "" : "\n") + headline(run) +
           "\n  rank in f32            same band       +-   by chance  correlation  |dz| median\n";
    for (const BandSummary& band : bands) {
      const auto cells = cells_of(band);
      out +=
          formatted("  %-20s %11s %8s %11s  %11s  %11s  %s\n", cells[0].c_str(), cells[1].c_str(),
                    cells[2].c_str(), cells[3].c_str(), cells[4].c_str(), cells[5].c_str(), cells[6].c_str());
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
      json.begin_object().member("run", run.name).member("band", band.band.name());
      json.member("first", band.band.first).member("last", band.band.last);
      json.member("from_end", band.band.from_end).member("agreement", band.agreement);
      json.member("agreement_se", band.agreement_error).member("by_chance", band.by_chance);
      json.member("correlation", unless_nan(band.correlation)).member("logit_error", band.median_error);
      json.member("signal", band.signal).end_object();
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
  const auto plot = [&](const char* title, PlotAxis y, double (*value)(const BandSummary&)) {
    Plot p{title, {"rank in f32, from the likeliest to the least likely"}, std::move(y), {}, 820, 380};
    for (const NoiseRun& run : result.runs) {
      const auto bands = summary_of(run, result.vocabulary);
      PlotSeries line{run.name};
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
  plot("the same tokens in the band", {"share", false, 0.0, 1.0},
       [](const BandSummary& b) { return b.agreement; });
  plot("the same order within the band", {"Spearman correlation", false, -0.2, 1.0},
       [](const BandSummary& b) { return b.correlation; });
  plot("how far logits move", {"median |dz|", true}, [](const BandSummary& b) { return b.median_error; });
  return plots;
}

std::string noise_html(const NoiseResult& result) {
  std::string body =
      "<p>One text through the model in float32 and through versions that differ only in numerical detail. "
      "Tokens are "
      "grouped by their rank in float32; a band is signal where it keeps more of its tokens than a shuffled "
      "one would, "
      "by three standard errors.</p>\n" +
      html_plots(noise_plots(result));
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    std::vector<std::vector<std::string>> rows;
    for (const BandSummary& band : bands) rows.push_back(cells_of(band));
    body +=
        "<h2>" + escape_markup(run.name) + "</h2>\n<p>" + escape_markup(headline(run)) + "; " +
        escape_markup(verdict(bands)) + ".</p>\n" +
        html_table({"rank in f32", "same band", "+-", "by chance", "correlation", "|dz| median", ""}, rows);
  }
  return html_of({"Signal or noise", body, "", ""});
}

}  // namespace kelvin
