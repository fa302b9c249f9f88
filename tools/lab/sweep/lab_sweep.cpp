#include "tools/lab/sweep/lab_sweep.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "engine/platform/in_parallel.h"
#include "sampling/noise.h"
#include "sampling/stages/temperature.h"
#include "tokenizer/base/user_error.h"
#include "tools/options/flags.h"
#include "tools/output/parse_number.h"

namespace kelvin {
namespace {

constexpr double not_defined = std::numeric_limits<double>::quiet_NaN();

constexpr std::size_t lanes = 8;

// Sum of term(0 ... count - 1) in eight partial sums, which become vector code.
template <class Term>
double sum_of(std::size_t count, const Term& term) {
  std::array<double, lanes> sums{};
  const std::size_t whole = count / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += term(i + lane);
  for (std::size_t i = whole; i < count; ++i) sums[i - whole] += term(i);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

// One step at beta, and how S and E change from there to beta + h.
struct StepAt {
  Thermo thermo;
  double entropy_change, energy_change;
};

// h has beta's sign and is small beside it: exp((beta + h) d) is exp(beta d) times a short series in h d, so
// the second point costs no exponentials. Not of the frozen ends.
StepAt step_at(const DensityOfStates& states, double beta, double h) {
  if (std::isinf(beta)) return {states.thermo(beta), 0, 0};
  const bool downwards = beta < 0;
  const std::size_t count = states.logits().size() - 1;
  Thermo t{};
  t.beta = beta;
  t.extreme = downwards ? states.smallest() : states.largest();
  const double ties = downwards ? states.weights().front() : states.weights().back();
  const double* const z = states.logits().data() + (downwards ? 1 : 0);
  const double* const weight = states.weights().data() + (downwards ? 1 : 0);
  thread_local std::vector<double> distance, mass, mass_change;
  for (auto* values : {&distance, &mass, &mass_change}) values->resize(count);
  const double extreme = t.extreme;
  double* const d = distance.data();
  double* const m = mass.data();
  double* const change = mass_change.data();
  for (std::size_t i = 0; i < count; ++i) d[i] = z[i] - extreme;
  for (std::size_t i = 0; i < count; ++i) m[i] = weight[i] * exp_exact(beta * d[i]);
  for (std::size_t i = 0; i < count; ++i) {
    const double x = h * d[i];
    change[i] = m[i] * (x * (1 + x * (0.5 + x * (1.0 / 6 + x * (1.0 / 24)))));
  }
  const double others = sum_of(count, [&](std::size_t i) { return m[i]; }), total = ties + others;
  const double mean = sum_of(count, [&](std::size_t i) { return m[i] * d[i]; }) / total;
  const double square = sum_of(count, [&](std::size_t i) { return m[i] * ((d[i] - mean) * (d[i] - mean)); });
  t.log_z_shifted = log_exact(ties) + log1p_exact(others / ties);
  t.mean = extreme + mean;
  t.variance = (square + ties * mean * mean) / total;
  t.entropy = t.log_z_shifted - beta * mean;
  t.free_energy = beta == 0 ? not_defined : -(extreme + t.log_z_shifted / beta);
  t.heat_capacity = beta * t.variance * beta;

  const double total_change = sum_of(count, [&](std::size_t i) { return change[i]; });
  const double mean_change =
      sum_of(count, [&](std::size_t i) { return change[i] * (d[i] - mean); }) / (total + total_change);
  const double entropy_change = log1p_exact(total_change / total) - h * mean - (beta + h) * mean_change;
  return {t, entropy_change, -mean_change};
}

SweepPoint point_at(std::span<const ObservedStep> steps, double beta) {
  // So small that the curvature does not show; differences are formed before rounding could swallow them.
  double widest = 1;
  for (const ObservedStep& step : steps)
    widest = std::max(widest, step.states.largest() - step.states.smallest());
  const double h = beta == 0 ? 1e-6 / widest : 3e-7 * beta;
  ExactSum nll, entropy, energy, free_energy, capacity, top, entropy_change, energy_change;
  for (const ObservedStep& step : steps) {
    const StepAt at = step_at(step.states, beta, h);
    const Thermo& t = at.thermo;
    nll.add(std::isnan(step.observed) ? not_defined : -t.log_p(step.observed));
    entropy.add(t.entropy);
    energy.add(-t.mean);
    free_energy.add(t.free_energy);
    capacity.add(t.heat_capacity);
    top.add(exp_exact(-t.log_z_shifted));
    entropy_change.add(at.entropy_change);
    energy_change.add(at.energy_change);
  }
  const double count = static_cast<double>(steps.size());
  SweepPoint p{beta,
               nll.value() / count,
               entropy.value() / count,
               energy.value() / count,
               free_energy.value() / count,
               capacity.value() / count,
               top.value() / count,
               not_defined,
               not_defined,
               std::nullopt};
  if (std::isinf(beta)) return p;
  p.heat_capacity_check = -beta * beta * energy_change.value() / h / count;
  if (energy_change.value() != 0) p.beta_check = entropy_change.value() / energy_change.value();
  return p;
}

// One number, or "low:high:count" through `between`.
template <class Between>
std::vector<double> numbers_of(std::string_view text, const Between& between) {
  std::vector<double> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const std::size_t first = item.find(':'), second = first == item.npos ? first : item.find(':', first + 1);
    if (first == item.npos) {
      const auto value = parse_real(item);
      if (!value) throw UserError("numbers such as 0.5,1,inf,-2 or low:high:count expected");
      numbers.push_back(*value);
    } else {
      const auto low = parse_real(item.substr(0, first));
      const auto high =
          second == item.npos ? std::nullopt : parse_real(item.substr(first + 1, second - first - 1));
      const auto count = second == item.npos ? std::nullopt : parse_integer(item.substr(second + 1));
      if (!low || !high || !count || *count < 2 || *count > 100000 || !std::isfinite(*low) ||
          !std::isfinite(*high))
        throw UserError("a range low:high:count with two finite ends and 2 to 100000 points expected");
      for (std::int64_t i = 0; i < *count; ++i)
        numbers.push_back(between(*low, *high, static_cast<double>(i) / static_cast<double>(*count - 1)));
    }
    if (comma == text.npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

std::vector<double> coldest_first(std::vector<double> betas) {
  std::sort(betas.begin(), betas.end(), std::greater<>());
  betas.erase(std::unique(betas.begin(), betas.end()), betas.end());
  return betas;
}

double log_between(double low, double high, double share) {
  if (!(low * high > 0)) throw UserError("a range of temperatures has to stay on one side of 0");
  if (share == 1) return high;
  return low * std::pow(high / low, share);
}

}  // namespace

std::vector<SweepPoint> sweep(std::span<const ObservedStep> steps, std::span<const double> betas,
                              int threads) {
  std::vector<SweepPoint> points(betas.size());
  in_parallel(betas.size(), threads, [&](std::size_t i) { points[i] = point_at(steps, betas[i]); });
  return points;
}

int distinct_draws(std::span<const float> logits, double beta, int draws, std::uint64_t seed,
                   std::uint64_t position) {
  std::vector<float> tempered(logits.begin(), logits.end());
  temper(tempered, beta);
  std::set<int> tokens;
  for (int i = 0; i < draws; ++i)
    tokens.insert(draw(tempered, Noise(seed, static_cast<std::uint64_t>(i), position)));
  return static_cast<int>(tokens.size());
}

std::vector<double> betas_of_temperatures(std::string_view text) {
  std::vector<double> betas = numbers_of(text, log_between);
  for (double& number : betas) number = beta_of(number);
  return coldest_first(std::move(betas));
}

std::vector<double> betas_of(std::string_view text) {
  return coldest_first(
      numbers_of(text, [](double low, double high, double share) { return low + (high - low) * share; }));
}

std::vector<double> default_betas() {
  std::vector<double> betas = betas_of_temperatures("0.05:20:49,-20:-0.05:49");
  const std::vector<double> listed = short_list_of_betas();
  betas.insert(betas.end(), listed.begin(), listed.end());
  return coldest_first(std::move(betas));
}

std::vector<double> short_list_of_betas() {
  return betas_of_temperatures(
      "0,0.1,0.2,0.3,0.5,0.7,1,1.5,2,3,5,10,inf,-10,-5,-3,-2,-1.5,-1,-0.7,-0.5,-0.3,-0.2,-0.1,-0");
}

}  // namespace kelvin
