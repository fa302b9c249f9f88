#include "tools/lab/noise/noise_report.h"

#include <algorithm>
#include <cmath>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/html_page.h"
#include "tools/output/wrapped_text.h"

namespace kelvin {
namespace {

std::vector<BandSummary> summary_of(const NoiseRun& run, std::size_t vocabulary) {
  std::vector<std::vector<BandComparison>> steps;
  for (const NoiseStep& step : run.steps) steps.push_back(step.bands);
  return summarise_bands(run.bands, steps, vocabulary, run.draws);
}

std::string names_of(const std::vector<BandSummary>& bands, Strength strength) {
  std::string names;
  for (std::size_t i = 0; i + 1 < bands.size(); ++i)
    if (bands[i].strength == strength) names += (names.empty() ? "" : ", ") + bands[i].band.name();
  return names;
}

// What the very end of the order is worth, and how the other bands differ from it.
std::string verdict(const NoiseRun& run, const std::vector<BandSummary>& bands) {
  const BandSummary& end = bands.back();
  const double reach = 1.96 * end.agreement_error;
  std::string text = end.strength == Strength::strong ? "strong signal to the very end"
                     : end.strength == Strength::weak ? "weak signal at the very end"
                                                      : "noise at the very end";
  text += formatted(
      ": with %s the least likely token is the same in %.1f %% of %zu steps (95 %%: %.1f to %.1f %%; by ",
      run.name.c_str(), 100 * end.agreement, run.steps.size(), 100 * std::max(0.0, end.agreement - reach),
      100 * std::min(1.0, end.agreement + reach));
  text += formatted("chance %.2g %%), ", 100 * end.by_chance);
  text += end.strength == Strength::strong ? "so that it says something about the model"
          : end.strength == Strength::weak
              ? "more than a shuffle would keep, but details of arithmetic may decide most of it"
              : "as a shuffle might: it says nothing about the model";
  const auto differs = [&](const BandSummary& band) { return band.strength != end.strength; };
  if (std::none_of(bands.begin(), bands.end(), differs))
    return text + "; all other bands are " + name_of(end.strength) + ", too";
  for (const Strength strength : {Strength::strong, Strength::weak, Strength::noise})
    if (const std::string names = names_of(bands, strength); !names.empty())
      text += "; " + std::string(name_of(strength)) + ": " + names;
  return text;
}

std::vector<std::string> cells_of(const BandSummary& band) {
  return {band.band.name(),
          formatted("%.2f %%", 100 * band.agreement),
          formatted("%.2f %%", 100 * band.agreement_error),
          formatted("%.2f %%", 100 * band.by_chance),
          std::isnan(band.correlation) ? "-" : formatted("%.4f", band.correlation),
          formatted("%.3g", band.median_error),
          name_of(band.strength)};
}

struct Calibration {
  double in_reference, here;
};

Calibration calibration_of(const NoiseRun& run) {
  const auto error = [&](Prediction NoiseStep::*of) {
    std::vector<Prediction> predictions;
    for (const NoiseStep& step : run.steps) predictions.push_back(step.*of);
    return expected_calibration_error(reliability(predictions, Binning::equal_mass));
  };
  return {error(&NoiseStep::in_reference), error(&NoiseStep::here)};
}

std::string headline(const NoiseRun& run, const std::string& reference) {
  const Calibration ece = calibration_of(run);
  return formatted("%s against %s: %zu steps, KL %.3g nats, ECE %.2f %% (%s: %.2f %%)", run.name.c_str(),
                   reference.c_str(), run.steps.size(), run.kl(), 100 * ece.here, reference.c_str(),
                   100 * ece.in_reference);
}

}  // namespace

std::string noise_table(const NoiseResult& result) {
  std::string out;
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    out += (out.empty() ? "" : "\n") + headline(run, result.reference) +
           formatted("\n  %-20s   same band       +-   by chance  correlation  |dz| median\n",
                     ("rank in " + result.reference).c_str());
    for (const BandSummary& band : bands) {
      const auto cells = cells_of(band);
      out +=
          formatted("  %-20s %11s %8s %11s  %11s  %11s  %s\n", cells[0].c_str(), cells[1].c_str(),
                    cells[2].c_str(), cells[3].c_str(), cells[4].c_str(), cells[5].c_str(), cells[6].c_str());
    }
    out += "  ";
    append_wrapped(out, verdict(run, bands) + ".", 2, 2, 100);
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
      json.member("kept", band.kept).member("kept_se", band.kept_error);
      json.member("signal", band.strength != Strength::noise);
      json.member("strength", name_of(band.strength)).end_object();
      out += json.text() + "\n";
    }
    const Calibration ece = calibration_of(run);
    JsonWriter json;
    json.begin_object().member("run", run.name).member("steps", run.steps.size()).member("kl", run.kl());
    json.member("reference", result.reference).member("ece_reference", ece.in_reference);
    json.member("ece", ece.here).member("verdict", verdict(run, bands)).end_object();
    out += json.text() + "\n";
  }
  return out;
}

std::vector<Plot> noise_plots(const NoiseResult& result) {
  std::vector<Plot> plots;
  const auto plot = [&](const char* title, PlotAxis y, double (*value)(const BandSummary&)) {
    Plot p{title,        {"rank in " + result.reference + ", from the likeliest to the least likely"},
           std::move(y), {},
           480,          380};
    for (const NoiseRun& run : result.runs) {
      const auto bands = summary_of(run, result.vocabulary);
      PlotSeries line{run.name};
      for (std::size_t i = 0; i < bands.size(); ++i) {
        line.points.emplace_back(static_cast<double>(i), value(bands[i]));
        if (&run == &result.runs.front())
          p.x.ticks.emplace_back(static_cast<double>(i), bands[i].band.name());
        line.names.push_back(run.name + ", rank " + bands[i].band.name());
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
    p.x.name_of = [](double) { return std::string(); };
    plots.push_back(std::move(p));
  };
  plot("the same tokens in the band", {"share", false, 0.0, 1.0},
       [](const BandSummary& b) { return b.agreement; });
  plot("the same order within the band", {"Spearman correlation", false, -0.2, 1.0},
       [](const BandSummary& b) { return b.correlation; });
  plot("how far logits move", {"median |dz|", true}, [](const BandSummary& b) { return b.median_error; });
  return plots;
}

std::string noise_html(const NoiseResult& result, const Provenance& provenance) {
  std::string body =
      "<p>One text through the model with its weights as they are (computed in float32) and through versions "
      "that "
      "differ only in numerical detail. Tokens are grouped by their rank in the former. A band is noise "
      "where a shuffle "
      "might keep as many of its tokens (with a probability that may exceed 0.13 %), a strong signal where "
      "it keeps more "
      "than half of what a shuffle would lose, by three standard errors, and a weak one between.</p>\n" +
      html_plots(noise_plots(result));
  for (const NoiseRun& run : result.runs) {
    const auto bands = summary_of(run, result.vocabulary);
    std::vector<std::vector<std::string>> rows;
    for (const BandSummary& band : bands) rows.push_back(cells_of(band));
    body += "<h2>" + escape_markup(run.name) + "</h2>\n<p>" + escape_markup(headline(run, result.reference)) +
            "; " + escape_markup(verdict(run, bands)) + ".</p>\n" +
            html_table({"rank in " + result.reference, "same band", "±", "by chance", "correlation",
                        "|dz| median", ""},
                       rows);
  }
  return html_of({"Signal or noise", body, "", "", provenance_html(provenance)});
}

}  // namespace kelvin
