#include "tools/lab/sweep/sweep_features.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "tokenizer/base/formatted.h"
#include "tools/lab/thermometer/lab_fit.h"

namespace kelvin {
namespace {

constexpr double coldest = 0.002, hottest = 50;
constexpr int grid = 121;             // on each side; a factor of 1.09
constexpr double rises = 1.02;        // a peak, above the valleys beside it
constexpr double counts = 0.1;        // a peak, beside the highest of all
constexpr double stands_still = 0.2;  // C beside S, on a plateau

SweepPoint sweep_at(std::span<const ObservedStep> steps, double beta) {
  return sweep(steps, std::span(&beta, 1), 1).front();
}

// The extremum of sign x C between |T| = low and high, by golden section in ln |T|.
SweepPoint extremum(std::span<const ObservedStep> steps, double side, double low, double high, double sign) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  const auto at = [&](double log_t) { return sweep_at(steps, side * exp_exact(-log_t)); };
  double a = std::log(low), b = std::log(high);
  double left = b - golden * (b - a), right = a + golden * (b - a);
  SweepPoint at_left = at(left), at_right = at(right);
  while (b - a > 1e-4) {
    if (sign * at_left.heat_capacity > sign * at_right.heat_capacity) {
      b = right;
      right = left;
      at_right = at_left;
      at_left = at(left = b - golden * (b - a));
    } else {
      a = left;
      left = right;
      at_left = at_right;
      at_right = at(right = a + golden * (b - a));
    }
  }
  return sign * at_left.heat_capacity > sign * at_right.heat_capacity ? at_left : at_right;
}

// Places of peaks and of the valleys between them on a curve, in turn, without ripples.
std::vector<std::size_t> turns_of(const std::vector<SweepPoint>& curve) {
  std::vector<std::size_t> turns;
  bool rising = true;  // looking for a peak
  std::size_t best = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const double here = curve[i].heat_capacity, there = curve[best].heat_capacity;
    if (rising ? here >= there : here <= there) {
      best = i;
    } else if (rising ? here * rises < there : here > there * rises) {
      turns.push_back(best);
      rising = !rising;
      best = i;
    }
  }
  // A curve that ends in a valley has no peak behind it.
  if (turns.size() % 2 == 0 && !turns.empty()) turns.pop_back();
  return turns;
}

std::vector<SweepFeature> features_of_side(std::span<const ObservedStep> steps, double side, int threads) {
  std::vector<double> betas;
  for (int i = 0; i < grid; ++i)
    betas.push_back(side / (coldest * std::pow(hottest / coldest, static_cast<double>(i) / (grid - 1))));
  const std::vector<SweepPoint> curve = sweep(steps, betas, threads);
  std::vector<SweepFeature> features;
  const std::vector<std::size_t> turns = turns_of(curve);
  for (std::size_t n = 0; n < turns.size(); ++n) {
    const std::size_t i = turns[n];
    if (i == 0 || i + 1 == curve.size()) continue;  // it goes on outside
    const bool is_peak = n % 2 == 0;
    const SweepPoint at =
        extremum(steps, side, side / betas[i - 1], side / betas[i + 1], is_peak ? 1.0 : -1.0);
    if (!is_peak) {
      if (at.heat_capacity < stands_still * at.entropy) features.push_back({SweepFeature::Kind::plateau, at});
      continue;
    }
    std::vector<double> near;
    for (int k = -6; k <= 6; ++k) near.push_back(at.beta * std::pow(1.04, k));
    std::sort(near.begin(), near.end(), std::greater<>());
    features.push_back({SweepFeature::Kind::peak, at, sweep(steps, near, threads)});
  }
  return features;
}

}  // namespace

std::vector<SweepFeature> sweep_features(std::span<const ObservedStep> steps, int threads) {
  if (steps.empty()) return {};
  std::vector<SweepFeature> features = features_of_side(steps, 1.0, threads);
  const std::vector<SweepFeature> below = features_of_side(steps, -1.0, threads);
  features.insert(features.end(), below.rbegin(), below.rend());
  double highest[2] = {0, 0};
  for (const SweepFeature& f : features)
    if (f.kind == SweepFeature::Kind::peak)
      highest[f.at.beta < 0] = std::max(highest[f.at.beta < 0], f.at.heat_capacity);
  std::erase_if(features, [&](const SweepFeature& f) {
    return f.kind == SweepFeature::Kind::peak &&
           f.at.heat_capacity < counts * std::max(highest[0], highest[1]);
  });
  for (SweepFeature& f : features)
    f.is_highest = f.kind == SweepFeature::Kind::peak && f.at.heat_capacity == highest[f.at.beta < 0];
  return features;
}

std::string in_words(const SweepFeature& feature) {
  const SweepPoint& p = feature.at;
  const std::string t = temperature_text(p.beta);
  if (feature.kind == SweepFeature::Kind::plateau)
    return formatted("S stays at %.3f around T = ", p.entropy) + t +
           formatted(" (C = %.3f), as if %.0f tokens were equally likely", p.heat_capacity,
                     exp_exact(p.entropy)) +
           (p.beta < 0 ? ": the least likely ones, where training never told them apart" : "");
  const char* const meaning =
      !feature.is_highest ? ", where a group of tokens comes in that lies about |T| beside the likeliest"
      : p.beta > 0        ? ", where the model goes from choosing to guessing"
                          : ", where guessing gives way to the least likely tokens";
  return formatted("C peaks at %.3f, T = ", p.heat_capacity) + t + meaning +
         formatted(" (S = %.3f nats, E = %.3f)", p.entropy, p.energy);
}

}  // namespace kelvin
