#include "tools/lab/lab_sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

#include "sampling/noise.h"
#include "sampling/temperature.h"
#include "tools/lab/parallel.h"
#include "tools/options/flags.h"

namespace kelvin {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

struct Means {
  double entropy, energy;
};

Means means_at(std::span<const ObservedStep> steps, double beta) {
  ExactSum entropy, energy;
  for (const ObservedStep& step : steps) {
    const Thermo t = step.states.thermo(beta);
    entropy.add(t.entropy);
    energy.add(-t.mean);
  }
  const double count = static_cast<double>(steps.size());
  return {entropy.value() / count, energy.value() / count};
}

SweepPoint point_at(std::span<const ObservedStep> steps, double beta) {
  ExactSum nll, entropy, energy, free_energy, capacity, top;
  for (const ObservedStep& step : steps) {
    const Thermo t = step.states.thermo(beta);
    nll.add(std::isnan(step.observed) ? undefined : -t.log_p(step.observed));
    entropy.add(t.entropy);
    energy.add(-t.mean);
    free_energy.add(t.free_energy);
    capacity.add(t.heat_capacity);
    top.add(exp_exact(-t.log_z_shifted));
  }
  const double count = static_cast<double>(steps.size());
  SweepPoint p{beta,
               nll.value() / count,
               entropy.value() / count,
               energy.value() / count,
               free_energy.value() / count,
               capacity.value() / count,
               top.value() / count,
               undefined,
               undefined,
               std::nullopt};
  if (std::isinf(beta)) return p;
  // Small enough for the curvature not to show, large enough for differences not to drown in rounding.
  const double h = beta == 0 ? 1e-7 : 3e-7 * beta;
  const Means next = means_at(steps, beta + h);
  p.heat_capacity_check = -beta * beta * (next.energy - p.energy) / h;
  if (next.energy != p.energy) p.beta_check = (next.entropy - p.entropy) / (next.energy - p.energy);
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
      if (!value) throw std::invalid_argument("numbers such as 0.5,1,inf,-2 or low:high:count expected");
      numbers.push_back(*value);
    } else {
      const auto low = parse_real(item.substr(0, first));
      const auto high =
          second == item.npos ? std::nullopt : parse_real(item.substr(first + 1, second - first - 1));
      const auto count = second == item.npos ? std::nullopt : parse_integer(item.substr(second + 1));
      if (!low || !high || !count || *count < 2 || *count > 100000 || !std::isfinite(*low) ||
          !std::isfinite(*high))
        throw std::invalid_argument(
            "a range low:high:count with two finite ends and 2 to 100000 points expected");
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
  if (!(low * high > 0)) throw std::invalid_argument("a range of temperatures has to stay on one side of 0");
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
