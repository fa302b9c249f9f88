#include "tools/lab/sweep/sweep_report.h"

#include <algorithm>
#include <cmath>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/lab_fit.h"
#include "tools/output/html_page.h"
#include "tools/output/page_text.h"
#include "tools/output/temperature_axis.h"
#include "tools/output/wrapped_text.h"

namespace kelvin {
namespace {

std::string cell(double value, const char* format = "%.6g") {
  return std::isnan(value) ? "-" : formatted(format, value);
}

double perplexity(const SweepPoint& p) { return p.nll > 700 ? infinity : exp_exact(p.nll); }

// What CSV and JSON hold of a point, by its name there.
std::vector<std::pair<const char*, double>> quantities_of(const SweepPoint& p) {
  return {{"T", 1 / p.beta},
          {"beta", p.beta},
          {"nll", p.nll},
          {"perplexity", perplexity(p)},
          {"entropy", p.entropy},
          {"energy", p.energy},
          {"free_energy", p.free_energy},
          {"heat_capacity", p.heat_capacity},
          {"heat_capacity_check", p.heat_capacity_check},
          {"beta_check", p.beta_check},
          {"top_mass", p.top_mass}};
}

// What all of this is of, and is not.
constexpr const char* teacher_forced =
    "C is that of the text's own steps (teacher-forced): each sees the text as it is, whatever T. A text "
    "that is drawn at "
    "T goes other ways, and its energy changes faster: kelvin-sweep --generate measures that.";

PlotSeries over_line(const SweepReport& report, std::string name, double (*value)(const SweepPoint&)) {
  PlotSeries series{std::move(name)};
  for (const SweepPoint& p : report.points) series.points.emplace_back(place_of(p.beta), value(p));
  return series;
}

void write_features(JsonWriter& json, const std::vector<SweepFeature>& features) {
  json.key("features").begin_array();
  for (const SweepFeature& feature : features) {
    json.begin_object().member("kind", feature.kind == SweepFeature::Kind::peak ? "peak" : "plateau");
    json.member("T", 1 / feature.at.beta).member("beta", feature.at.beta);
    json.member("heat_capacity", feature.at.heat_capacity).member("entropy", feature.at.entropy);
    json.member("energy", feature.at.energy).member("in_words", in_words(feature)).end_object();
  }
  json.end_array();
}

Plot heat_plot(const SweepReport& report) {
  Plot plot{"heat capacity C over T of the text as it is: where the model goes from choosing to guessing",
            {"|T|", true},
            {"C = dE/dT, per token"}};
  plot.x.name_of = [](double t) { return formatted("|T| = %.4g", t); };
  plot.y.name_of = [](double c) { return formatted("C = %.4g", c); };
  PlotSeries positive{"T > 0"}, negative{"T < 0"};
  PlotSeries check{"finite differences of E", {}, PlotSeries::Style::points};
  // Peaks are sharper than the temperatures are close.
  std::vector<SweepPoint> curve = report.points;
  for (const SweepFeature& feature : report.features)
    curve.insert(curve.end(), feature.around.begin(), feature.around.end());
  std::sort(curve.begin(), curve.end(), [](const auto& a, const auto& b) { return a.beta > b.beta; });
  for (const SweepPoint& p : curve) {
    if (std::isinf(p.beta) || p.beta == 0) continue;
    (p.beta > 0 ? positive : negative).points.emplace_back(1 / std::fabs(p.beta), p.heat_capacity);
  }
  for (const SweepPoint& p : report.points) {
    if (std::isinf(p.beta) || p.beta == 0) continue;
    check.points.emplace_back(1 / std::fabs(p.beta), p.heat_capacity_check);
  }
  plot.series = {positive, negative, check};
  return plot;
}

Plot entropy_plot(const SweepReport& report) {
  Plot plot{"entropy S over energy E: the slope is 1/T", {"E = -⟨z⟩, per token"}, {"S, nats per token"}};
  plot.x.name_of = [](double e) { return formatted("E = %.5g", e); };
  plot.y.name_of = [](double s) { return formatted("S = %.4g", s); };
  PlotSeries positive{"T > 0"}, negative{"T < 0"};
  double low = infinity, high = -infinity;
  for (const SweepPoint& p : report.points) {
    for (PlotSeries* series : {&positive, &negative}) {
      if (series == &positive ? p.beta < 0 : p.beta > 0) continue;
      series->points.emplace_back(p.energy, p.entropy);
      series->names.push_back("T = " + with_signs(temperature_text(p.beta)));
    }
    low = std::min(low, p.energy);
    high = std::max(high, p.energy);
  }
  plot.series = {positive, negative};
  for (const double beta : {1.0, -1.0}) {
    const auto at = std::min_element(
        report.points.begin(), report.points.end(),
        [&](const auto& a, const auto& b) { return std::fabs(a.beta - beta) < std::fabs(b.beta - beta); });
    if (at == report.points.end() || std::isinf(at->beta)) continue;
    const double reach = 0.12 * (high - low) / std::sqrt(1 + at->beta * at->beta);
    PlotSeries line{
        "slope 1/T at T = " + with_signs(temperature_text(at->beta)), {}, PlotSeries::Style::dashed};
    for (const double d : {-reach, reach})
      line.points.emplace_back(at->energy + d, at->entropy + at->beta * d);
    plot.series.push_back(line);
  }
  return plot;
}

}  // namespace

std::vector<Plot> phase_picture(const SweepReport& report) {
  std::vector<Plot> plots = {heat_plot(report), entropy_plot(report)};
  Plot line{"the whole line of temperatures", temperature_axis(), {"nats per token"}};
  line.series.push_back(over_line(report, "entropy S", [](const SweepPoint& p) { return p.entropy; }));
  const bool observed = std::any_of(report.points.begin(), report.points.end(),
                                    [](const auto& p) { return !std::isnan(p.nll); });
  if (observed) {
    line.series.push_back(
        over_line(report, "surprise of the text, ln perplexity", [](const SweepPoint& p) { return p.nll; }));
    double max = 0;
    for (const SweepPoint& p : report.points) max = std::max(max, p.entropy);
    line.y.low = 0;
    line.y.high = 2.2 * max;
  }
  plots.push_back(line);
  Plot mass{"probability of the likeliest token", temperature_axis(), {"probability", false, 0.0, 1.0}};
  mass.y.name_of = [](double p) { return formatted("p = %.4g", p); };
  mass.series.push_back(over_line(report, "", [](const SweepPoint& p) { return p.top_mass; }));
  plots.push_back(mass);
  return plots;
}

SweepChecks checks_of(const std::vector<SweepPoint>& points) {
  SweepChecks checks{0, 0};
  for (const SweepPoint& p : points) {
    if (std::isinf(p.beta) || p.heat_capacity < 1e-6) continue;
    checks.heat_capacity =
        std::max(checks.heat_capacity, std::fabs(p.heat_capacity_check / p.heat_capacity - 1));
    if (!std::isnan(p.beta_check)) checks.beta = std::max(checks.beta, std::fabs(p.beta_check / p.beta - 1));
  }
  return checks;
}

std::string sweep_table(const SweepReport& report) {
  const bool draws = !report.points.empty() && report.points[0].distinct;
  std::string out = "         T       beta  perplexity         S          E          F          C    top-1";
  out += draws ? "  distinct\n" : "\n";
  for (const SweepPoint& p : report.points) {
    if (std::find(report.listed.begin(), report.listed.end(), p.beta) == report.listed.end()) continue;
    out += formatted("%10s %10.4g %11s %9.5f %10.4f %10s %10.5f %8.4f", temperature_text(p.beta).c_str(),
                     p.beta, cell(perplexity(p), "%.5g").c_str(), p.entropy, p.energy,
                     cell(p.free_energy, "%.4f").c_str(), p.heat_capacity, p.top_mass);
    out += p.distinct ? formatted(" %9d\n", *p.distinct) : "\n";
  }
  const SweepChecks checks = checks_of(report.points);
  out += formatted(
      "C = dE/dT within %.1g of beta^2 Var z, dS/dE within %.1g of 1/T (finite differences); "
      "means over %zu step%s\n",
      checks.heat_capacity, checks.beta, report.steps, report.steps == 1 ? "" : "s");
  for (const SweepFeature& feature : report.features) out += in_words(feature) + "\n";
  if (report.steps > 1) append_wrapped(out, teacher_forced, 0, 0, 118);
  return out;
}

std::string sweep_csv(const SweepReport& report) {
  std::string out;
  for (const auto& [name, value] : quantities_of({})) out += std::string(name) + ",";
  out += "distinct\n";
  for (const SweepPoint& p : report.points) {
    for (const auto& [name, value] : quantities_of(p))
      out += (std::isnan(value) ? "" : formatted("%.12g", value)) + ",";
    out += (p.distinct ? std::to_string(*p.distinct) : "") + "\n";
  }
  return out;
}

std::string sweep_json(const SweepReport& report) {
  std::string out;
  for (std::size_t i = 0; i < report.points.size(); ++i) {
    const SweepPoint& p = report.points[i];
    JsonWriter json;
    json.begin_object();
    for (const auto& [name, value] : quantities_of(p)) json.member(name, unless_nan(value));
    json.member("distinct", p.distinct).member("steps", report.steps);
    if (i + 1 == report.points.size()) write_features(json, report.features);
    out += json.end_object().text() + "\n";
  }
  return out;
}

std::string sweep_html(const SweepReport& report, const Provenance& provenance) {
  std::string body = formatted(
      "<p>%s: means over %zu step%s, all from one forward pass. Energies are E = -z, k = 1; entropy in "
      "nats.</p>\n",
      escape_markup(report.name).c_str(), report.steps, report.steps == 1 ? "" : "s");
  if (report.steps > 1) body += "<p>" + escape_markup(teacher_forced) + "</p>\n";
  if (!report.features.empty()) body += "<ul>\n";
  for (const SweepFeature& feature : report.features)
    body += "<li>" + escape_markup(with_signs(in_words(feature))) + "</li>\n";
  if (!report.features.empty()) body += "</ul>\n";
  body += html_plots(phase_picture(report));
  std::vector<std::vector<std::string>> rows;
  for (const SweepPoint& p : report.points)
    rows.push_back({with_signs(temperature_text(p.beta)), number_cell(p.beta), number_cell(perplexity(p)),
                    number_cell(p.entropy), number_cell(p.energy), number_cell(p.free_energy),
                    number_cell(p.heat_capacity), number_cell(p.heat_capacity_check),
                    number_cell(p.beta_check), number_cell(p.top_mass),
                    p.distinct ? std::to_string(*p.distinct) : "-"});
  body +=
      "<h2>All temperatures</h2>\n" +
      html_table({"T", "β", "perplexity", "S", "E", "F", "C", "dE/dT", "dS/dE", "top-1", "distinct"}, rows);
  const SweepChecks checks = checks_of(report.points);
  body += formatted(
      "<p class=\"soft\">Checks by finite differences: dE/dT within %.1g of β² Var z, dS/dE within "
      "%.1g "
      "of 1/T (relative).</p>\n",
      checks.heat_capacity, checks.beta);
  return html_of({"A sweep over temperature", body, "", "", provenance_html(provenance)});
}

}  // namespace kelvin
