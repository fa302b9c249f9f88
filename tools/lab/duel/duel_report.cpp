#include "tools/lab/duel/duel_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "loaders/json/json_writer.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/duel/text_measures.h"

namespace kelvin {
namespace {

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

std::vector<std::vector<int>> ids_of(const DuelReport& report, std::size_t chain) {
  std::vector<std::vector<int>> texts;
  for (const DuelDraw& draw : report.draws) texts.push_back(draw.texts[chain].ids);
  return texts;
}

std::string or_none(const char* format, double value) {
  if (std::isnan(value)) return "-";
  return std::isinf(value) ? "inf" : formatted(format, value);
}

// "0.1222 nats", "0.31 nats (infinite at 12.5 % of the steps)", "infinite"
std::string divergence(double mean, double infinite) {
  if (std::isnan(mean)) return "infinite";
  return formatted("%.4g nats", mean) +
         (infinite > 0 ? formatted(" (infinite at %.1f %% of the steps)", 100 * infinite) : "");
}

double mean_of(std::span<const double> values) {
  return values.empty()
             ? absent
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void add_measure(DuelReport& report, const std::string& key, const std::string& meaning,
                 const std::function<std::vector<double>(std::size_t chain)>& values_of) {
  DuelMeasure measure{key, meaning, {}, {}};
  for (std::size_t chain = 0; chain < report.chains.size(); ++chain)
    measure.values.push_back(values_of(chain));
  for (std::size_t chain = 1; chain < report.chains.size(); ++chain)
    measure.tests.push_back(paired_test(measure.values[0], measure.values[chain], report.seed));
  report.measures.push_back(std::move(measure));
}

struct StepMeans {
  double kl, kl_back, infinite, infinite_back, total_variation, entropy, entropy_b, independent;
};
StepMeans means_of(const StepSums& s) {
  const double n = static_cast<double>(s.steps), finite = static_cast<double>(s.steps - s.infinite),
               finite_back = static_cast<double>(s.steps - s.infinite_back);
  return {finite > 0 ? s.kl / finite : absent,
          finite_back > 0 ? s.kl_back / finite_back : absent,
          static_cast<double>(s.infinite) / n,
          static_cast<double>(s.infinite_back) / n,
          s.total_variation / n,
          s.entropy / n,
          s.entropy_b / n,
          s.independent / n};
}

// The same token at the same step, of those before the texts part and the one where they do.
double agreement(const DuelReport& report, std::size_t chain) {
  double same = 0, steps = 0;
  for (const DuelDraw& draw : report.draws) {
    const std::size_t common = common_tokens(draw.texts[0], draw.texts[chain]);
    const std::size_t longest = std::max(draw.texts[0].ids.size(), draw.texts[chain].ids.size());
    same += static_cast<double>(common);
    steps += static_cast<double>(std::min(common + 1, longest));
  }
  return same / steps;
}

}  // namespace

std::size_t common_tokens(const DuelText& a, const DuelText& b) {
  const std::size_t n = std::min(a.ids.size(), b.ids.size());
  return static_cast<std::size_t>(
      std::mismatch(a.ids.begin(), a.ids.begin() + static_cast<std::ptrdiff_t>(n), b.ids.begin()).first -
      a.ids.begin());
}

DuelReport duel_report(const DuelPlan& plan, std::vector<DuelDraw> draws) {
  DuelReport report;
  for (const Chain& chain : plan.chains) report.chains.push_back(chain.text().empty() ? "raw" : chain.text());
  report.draws = std::move(draws);
  report.seed = plan.seed;
  const auto of_texts = [&](const std::function<double(const DuelText&)>& value) {
    return [&report, value](std::size_t chain) {
      std::vector<double> values;
      for (const DuelDraw& draw : report.draws) values.push_back(value(draw.texts[chain]));
      return values;
    };
  };
  add_measure(report, "ln_p", "mean ln p of a token by the model",
              of_texts([](const DuelText& t) { return mean_of(t.log_probabilities); }));
  add_measure(report, "distinct_2", "different pairs of tokens",
              of_texts([](const DuelText& t) { return distinct_n(std::span(&t.ids, 1), 2); }));
  add_measure(report, "repeated_4", "4-grams that stood before",
              of_texts([](const DuelText& t) { return repeated_n(t.ids, 4); }));
  add_measure(report, "shared_3", "3-grams in other draws, too",
              [&](std::size_t chain) { return shared_n(ids_of(report, chain), 3); });
  add_measure(report, "compression", "compression ratio",
              of_texts([](const DuelText& t) { return compression_ratio(t.text); }));
  add_measure(report, "tokens", "tokens",
              of_texts([](const DuelText& t) { return static_cast<double>(t.ids.size()); }));
  report.steps.resize(report.chains.size() - 1);
  for (const DuelDraw& draw : report.draws)
    for (std::size_t i = 0; i < draw.steps.size(); ++i) report.steps[i] += draw.steps[i];
  return report;
}

std::string duel_table(const DuelReport& report) {
  std::string out =
      formatted("%zu draws of each chain with the same noise, seed %llu; A: %s\n", report.draws.size(),
                static_cast<unsigned long long>(report.seed), report.chains[0].c_str());
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    const StepMeans m = means_of(report.steps[i]);
    const char name = static_cast<char>('B' + static_cast<int>(i));
    out += formatted("\n%c: %s\n  along A's texts, %zu steps: KL(A||%c) %s, ", name,
                     report.chains[i + 1].c_str(), report.steps[i].steps, name,
                     divergence(m.kl, m.infinite).c_str()) +
           formatted("KL(%c||A) %s\n", name, divergence(m.kl_back, m.infinite_back).c_str()) +
           formatted("  total variation %.4f, overlap %.4f, entropy A %.4f, %c %.4f nats\n",
                     m.total_variation, 1 - m.total_variation, m.entropy, name, m.entropy_b) +
           formatted("  with the same noise %.1f %% of draws agree until texts part, without %.1f %% would\n",
                     100 * agreement(report, i + 1), 100 * m.independent);
    out += formatted("\n  %-34s %10s %10s %11s %9s %8s %8s\n", "", "A", std::string(1, name).c_str(),
                     "difference", "+-", "p", "pairing");
    for (const DuelMeasure& measured : report.measures) {
      const PairedTest& t = measured.tests[i];
      out += formatted("  %-34s %10s %10s %11s %9s %8s", measured.meaning.c_str(),
                       or_none("%.4g", t.first).c_str(), or_none("%.4g", t.second).c_str(),
                       or_none("%+.4g", t.difference).c_str(), or_none("%.2g", t.error).c_str(),
                       or_none("%.2g", t.p).c_str()) +
             formatted(" %8s\n", (or_none("%.1f", t.fewer) + (t.fewer > 0 ? "x" : "")).c_str());
    }
  }
  return out +
         "  +-: standard error of the difference of pairs; p: permutation of signs; pairing: so many times "
         "the draws\n"
         "  would be needed without the same noise\n";
}

std::string duel_json(const DuelReport& report) {
  JsonWriter json;
  std::string out;
  const auto end_line = [&] {
    out += json.end_object().text() + "\n";
    json.clear();
  };
  for (std::size_t d = 0; d < report.draws.size(); ++d)
    for (std::size_t c = 0; c < report.chains.size(); ++c) {
      const DuelText& text = report.draws[d].texts[c];
      json.begin_object().member("type", "text").member("draw", d).member("chain", report.chains[c]);
      json.member("ids", text.ids).member("text", text.text).member("ln_p", text.log_probabilities);
      for (const DuelMeasure& measured : report.measures)
        if (measured.key != "ln_p") json.member(measured.key, unless_nan(measured.values[c][d]));
      end_line();
    }
  for (const DuelMeasure& measured : report.measures)
    for (std::size_t i = 0; i < measured.tests.size(); ++i) {
      const PairedTest& t = measured.tests[i];
      json.begin_object().member("type", "measure").member("measure", measured.key);
      json.member("first", report.chains[0]).member("second", report.chains[i + 1]).member("pairs", t.pairs);
      json.member("mean_first", unless_nan(t.first)).member("mean_second", unless_nan(t.second));
      json.member("difference", unless_nan(t.difference)).member("se", unless_nan(t.error));
      json.member("se_unpaired", unless_nan(t.unpaired_error))
          .member("correlation", unless_nan(t.correlation));
      json.member("p", unless_nan(t.p)).member("fewer_draws", unless_nan(t.fewer));
      end_line();
    }
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    const StepMeans m = means_of(report.steps[i]);
    json.begin_object().member("type", "steps").member("first", report.chains[0]);
    json.member("second", report.chains[i + 1]).member("steps", report.steps[i].steps);
    json.member("kl", unless_nan(m.kl)).member("kl_infinite", m.infinite);
    json.member("kl_back", unless_nan(m.kl_back)).member("kl_back_infinite", m.infinite_back);
    json.member("tv", m.total_variation).member("overlap", 1 - m.total_variation);
    json.member("entropy_first", m.entropy).member("entropy_second", m.entropy_b);
    json.member("agree_independent", m.independent).member("agree_same_noise", agreement(report, i + 1));
    end_line();
  }
  for (std::size_t c = 0; c < report.chains.size(); ++c) {
    const auto texts = ids_of(report, c);
    std::string all;
    for (const DuelDraw& draw : report.draws) all += draw.texts[c].text + "\n";
    json.begin_object().member("type", "set").member("chain", report.chains[c]);
    for (const std::size_t n : {1, 2, 3})
      json.member("distinct_" + std::to_string(n), unless_nan(distinct_n(texts, n)));
    json.member("compression", unless_nan(compression_ratio(all)));
    end_line();
  }
  json.begin_object()
      .member("type", "duel")
      .member("chains", report.chains)
      .member("draws", report.draws.size());
  json.member("seed", report.seed);
  end_line();
  return out;
}

}  // namespace kelvin
