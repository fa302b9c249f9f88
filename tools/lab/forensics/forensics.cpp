#include "tools/lab/forensics/forensics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/platform/in_parallel.h"
#include "loaders/json/json_writer.h"
#include "sampling/noise.h"
#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/lab_fit.h"

namespace kelvin {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double most_beta = 40;
// Three kinds of cuts gain that much over none in one text of a hundred.
constexpr double gain_by_chance = 300;

std::vector<std::size_t> kept_by(std::span<const RankedStep> steps, Cut cut, double parameter) {
  std::vector<std::size_t> kept;
  for (const RankedStep& step : steps) {
    const std::size_t of_cut = cut == Cut::none    ? step.possible()
                               : cut == Cut::top_k ? static_cast<std::size_t>(parameter)
                               : cut == Cut::top_p ? step.kept_by_top_p(parameter)
                                                   : step.kept_by_min_p(parameter);
    // What came was kept; ties and groups of ranks must not say otherwise.
    kept.push_back(std::clamp(of_cut, step.rank(), step.possible()));
  }
  return kept;
}

// The tightest cut that keeps all that came.
double tightest(std::span<const RankedStep> steps, Cut cut) {
  double k = 1, p = 0, share = 1;
  for (const RankedStep& step : steps) {
    k = std::max(k, static_cast<double>(step.rank()));
    p = std::max(p, step.above());
    share = std::min(share, step.share_of_best());
  }
  return cut == Cut::top_k ? k : cut == Cut::top_p ? std::min(1.0, p * (1 + 1e-9)) : share;
}

struct Likelihood {
  double value = 0, slope = 0, information = 0;
};

Likelihood likelihood(std::span<const RankedStep> steps, std::span<const std::size_t> kept, double beta,
                      int threads) {
  std::vector<RankedStep::Moments> moments(steps.size());
  in_parallel(steps.size(), threads, [&](std::size_t t) { moments[t] = steps[t].moments(beta, kept[t]); });
  Likelihood sum;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    sum.value += beta * steps[t].observed() - moments[t].log_z;
    sum.slope += steps[t].observed() - moments[t].mean;
    sum.information += moments[t].variance;
  }
  return sum;
}

// The root of the slope, which falls with beta: bisection where Newton's step leaves the bracket.
double best_beta(std::span<const RankedStep> steps, std::span<const std::size_t> kept, double start,
                 int threads) {
  double low = -most_beta, high = most_beta, beta = start;
  for (int i = 0; i < 60 && high - low > 1e-9; ++i) {
    const Likelihood at = likelihood(steps, kept, beta, threads);
    (at.slope > 0 ? low : high) = beta;
    const double newton = at.information > 0 ? beta + at.slope / at.information : undefined;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::fabs(next - beta) < 1e-9) return next;
    beta = next;
  }
  return beta;
}

double fit_p(std::span<const RankedStep> steps, std::span<const std::size_t> kept, double beta,
             std::uint64_t seed) {
  std::vector<double> places;
  for (std::size_t t = 0; t < steps.size(); ++t) {
    const double before = steps[t].mass_before(beta, kept[t], steps[t].rank()),
                 after = steps[t].mass_before(beta, kept[t], steps[t].rank() + 1);
    const double end = steps[t].rank() >= kept[t] ? 1.0 : std::max(before, after);
    places.push_back(before + (end - before) * Noise(seed, 0, t).uniform(0));
  }
  std::sort(places.begin(), places.end());
  const double n = static_cast<double>(places.size());
  double d = 0;
  for (std::size_t i = 0; i < places.size(); ++i)
    d = std::max({d, places[i] - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - places[i]});
  return kolmogorov_p(d, places.size());
}

CutFit fit_of(std::span<const RankedStep> steps, Cut cut, double start, std::uint64_t seed, int threads) {
  CutFit fit{cut, undefined, undefined, 0, 0, 0, 0};
  if (cut != Cut::none) fit.parameter = tightest(steps, cut);
  const std::vector<std::size_t> kept = kept_by(steps, cut, fit.parameter);
  fit.beta = best_beta(steps, kept, start, threads);
  const Likelihood at = likelihood(steps, kept, fit.beta, threads);
  fit.log_likelihood = at.value;
  fit.beta_error = at.information > 0 ? 1 / std::sqrt(at.information) : undefined;
  fit.fit_p = fit_p(steps, kept, fit.beta, seed);
  if (cut == Cut::none) return fit;
  // From the tightest to no cut at all: bisection of the place where the likelihood has fallen by ln 20, with a
  // temperature of its own.
  const auto at_share = [&](double share) {
    const double loose = cut == Cut::top_k   ? static_cast<double>(steps.front().possible())
                         : cut == Cut::top_p ? 1.0
                                             : 1e-12;
    if (cut == Cut::top_p) return 1 - (1 - fit.parameter) * std::pow(1e-9, share);
    const double value = fit.parameter * std::pow(loose / fit.parameter, share);
    return cut == Cut::top_k ? std::floor(value + 0.5) : value;
  };
  double low = 0, high = 1;
  for (int i = 0; i < 18; ++i) {
    const double middle = (low + high) / 2;
    const std::vector<std::size_t> looser = kept_by(steps, cut, at_share(middle));
    const double beta = best_beta(steps, looser, fit.beta, threads);
    const bool holds = likelihood(steps, looser, beta, threads).value > fit.log_likelihood - std::log(20.0);
    (holds ? low : high) = middle;
  }
  fit.loosest = at_share(low);
  return fit;
}

std::string parameter_text(const CutFit& fit) {
  return fit.cut == Cut::none    ? "-"
         : fit.cut == Cut::top_k ? formatted("%.0f to %.0f", fit.parameter, fit.loosest)
         : fit.cut == Cut::top_p ? formatted("%.4f to %.4f", fit.parameter, fit.loosest)
                                 : formatted("%.3g to %.3g", fit.loosest, fit.parameter);
}

double t_error(const CutFit& fit) { return fit.beta_error / (fit.beta * fit.beta); }

}  // namespace

const char* name_of(Cut cut) {
  static constexpr const char* names[] = {"temp alone", "top-k", "top-p", "min-p"};
  return names[static_cast<std::size_t>(cut)];
}

double kolmogorov_p(double d, std::size_t n) {
  const double root = std::sqrt(static_cast<double>(n)), x = d * (root + 0.12 + 0.11 / root);
  if (x < 0.2) return 1;
  double sum = 0;
  for (int k = 1; k <= 100; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return std::clamp(sum, 0.0, 1.0);
}

Forensics infer_sampler(std::span<const RankedStep> steps, std::uint64_t seed, int threads) {
  Forensics found{{}, 0, 0};
  for (const Cut cut : {Cut::none, Cut::top_k, Cut::top_p, Cut::min_p})
    found.fits.push_back(fit_of(steps, cut, found.fits.empty() ? 1.0 : found.fits[0].beta, seed, threads));
  // A cut that is not there gains as much as an exponentially distributed number.
  for (std::size_t i = 1; i < found.fits.size(); ++i)
    if (found.fits[i].log_likelihood > found.fits[0].log_likelihood + std::log(gain_by_chance) &&
        found.fits[i].log_likelihood > found.fits[found.best].log_likelihood)
      found.best = i;
  found.lead = infinity;
  for (std::size_t i = 0; i < found.fits.size(); ++i) {
    // Beside no cut the others are measured by what they gain for nothing.
    const double other =
        found.fits[i].log_likelihood - (found.best == 0 && i > 0 ? std::log(gain_by_chance) : 0.0);
    if (i != found.best) found.lead = std::min(found.lead, found.fits[found.best].log_likelihood - other);
  }
  return found;
}

std::string in_words(const Forensics& found) {
  const CutFit& best = found.fits[found.best];
  std::string words = "Likeliest: temp=" + temperature_text(best.beta);
  words +=
      std::fabs(best.beta) < most_beta ? formatted(" +- %.2g", t_error(best)) : std::string(" or colder");
  words += best.cut == Cut::none ? ", and nothing cut off"
                                 : std::string(" with ") + name_of(best.cut) + " " + parameter_text(best);
  words += formatted(". Excluded by tokens that came: top-k below %.0f, top-p below %.4f, min-p above %.3g.",
                     found.fits[1].parameter, found.fits[2].parameter, found.fits[3].parameter);
  if (best.cut == Cut::none)
    for (const CutFit& fit : found.fits)
      if (const double gain = fit.log_likelihood - best.log_likelihood; gain > std::log(20.0))
        words += std::string(" A cut is possible all the same: ") + name_of(fit.cut) + " " +
                 parameter_text(fit) + " at temp=" + temperature_text(fit.beta) +
                 formatted(" gains %.1f nats.", gain);
  if (best.cut != Cut::none && found.lead < std::log(20.0))
    words += formatted(" Another kind of cut is nearly as likely (%.1f nats).", found.lead);
  words += best.fit_p < 0.01
               ? formatted(" But it does not fit (p = %.2g): no such sampler drew this text from this model.",
                           best.fit_p)
               : formatted(" One temperature fits (p = %.2g).", best.fit_p);
  return words;
}

std::string forensics_table(const Forensics& found) {
  std::string out = "  sampler           T         +-   ln likelihood  fits, p  cut, 95 %\n";
  for (const CutFit& fit : found.fits)
    out += formatted("%c %-10s %8s %10.3g %15.2f %8.2g  ", &fit == &found.fits[found.best] ? '*' : ' ',
                     name_of(fit.cut), temperature_text(fit.beta).c_str(), t_error(fit), fit.log_likelihood,
                     fit.fit_p) +
           parameter_text(fit) + "\n";
  return out;
}

std::string forensics_json(const Forensics& found, std::size_t steps) {
  std::string out;
  for (std::size_t i = 0; i <= found.fits.size(); ++i) {
    const CutFit& fit = found.fits[i < found.fits.size() ? i : found.best];
    JsonWriter json;
    json.begin_object()
        .member("type", i < found.fits.size() ? "sampler" : "likeliest")
        .member("cut", name_of(fit.cut));
    json.member("parameter", unless_nan(fit.parameter)).member("loosest", unless_nan(fit.loosest));
    json.member("T", 1 / fit.beta).member("T_se", unless_nan(t_error(fit))).member("beta", fit.beta);
    json.member("beta_se", unless_nan(fit.beta_error)).member("log_likelihood", fit.log_likelihood);
    json.member("fit_p", fit.fit_p).member("steps", steps);
    if (i == found.fits.size()) json.member("lead", found.lead).member("in_words", in_words(found));
    out += json.end_object().text() + "\n";
  }
  return out;
}

}  // namespace kelvin
