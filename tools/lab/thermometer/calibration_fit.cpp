#include "tools/lab/thermometer/calibration_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/platform/in_parallel.h"
#include "sampling/noise.h"

namespace kelvin {
namespace {

constexpr std::size_t fewest_steps = 8;
constexpr double unknown_value = std::numeric_limits<double>::quiet_NaN();
// Streams of the noise, so that a bootstrap sample is the same at every beta.
constexpr std::uint64_t bootstrap = 0x626f6f74, simulation = 0x73696d75;

// How often each step stands in a bootstrap sample: blocks that begin anywhere, the text closed to a ring.
std::vector<std::uint32_t> drawn_counts(std::size_t steps, std::uint64_t seed, std::uint64_t replicate) {
  const Noise noise(seed, bootstrap, replicate);
  const std::size_t length = block_length(steps);
  std::vector<std::uint32_t> counts(steps, 0);
  std::size_t left = steps;
  for (int block = 0; left > 0; ++block) {
    std::size_t at = static_cast<std::size_t>(noise.uniform(block) * static_cast<double>(steps));
    for (std::size_t n = std::min(length, left); n > 0; --n, --left, ++at) ++counts[at % steps];
  }
  return counts;
}

// Steps ascending by confidence, as reliability() has them.
std::vector<std::uint32_t> by_confidence(std::span<const Prediction> predictions) {
  std::vector<std::uint32_t> order(predictions.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return predictions[a].confidence < predictions[b].confidence;
  });
  return order;
}

// The expected calibration error of reliability() where step i stands counts[i] times.
double counted_error(std::span<const Prediction> predictions, std::span<const std::uint32_t> order,
                     std::span<const std::uint32_t> counts, const CalibrationErrorOptions& options) {
  const std::size_t total = predictions.size(), bins = static_cast<std::size_t>(options.bins);
  std::size_t bin = 0, seen = 0;
  double gap = 0, sum = 0;
  for (const std::uint32_t i : order) {
    const double confidence = predictions[i].confidence,
                 each = (predictions[i].right ? 1.0 : 0.0) - confidence;
    if (options.binning == Binning::equal_width) {
      while (bin + 1 < bins && confidence > static_cast<double>(bin + 1) / options.bins) {
        sum += std::fabs(gap);
        gap = 0;
        ++bin;
      }
      gap += each * counts[i];
      continue;
    }
    for (std::size_t left = counts[i]; left > 0;) {
      const std::size_t end = total * (bin + 1) / bins, taken = std::min(left, end - seen);
      gap += each * static_cast<double>(taken);
      seen += taken;
      left -= taken;
      if (seen == end && bin + 1 < bins) {
        sum += std::fabs(gap);
        gap = 0;
        ++bin;
      }
    }
  }
  return (sum + std::fabs(gap)) / static_cast<double>(total);
}

double spread(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1));
}

// Of ascending values, between them.
double quantile(std::span<const double> values, double share) {
  const double at = share * static_cast<double>(values.size() - 1);
  const auto i = static_cast<std::size_t>(at);
  if (i + 1 == values.size()) return values[i];
  return values[i] + (at - static_cast<double>(i)) * (values[i + 1] - values[i]);
}

}  // namespace

std::size_t block_length(std::size_t steps) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::cbrt(static_cast<double>(steps)) + 0.5));
}

CalibrationError calibration_error(std::span<const Prediction> predictions,
                                   const CalibrationErrorOptions& options) {
  CalibrationError result{expected_calibration_error(reliability(predictions, options.binning, options.bins)),
                          unknown_value, unknown_value, unknown_value};
  if (predictions.empty()) return result;
  const auto order = by_confidence(predictions);
  std::vector<double> drawn(static_cast<std::size_t>(options.replicates)),
      simulated(static_cast<std::size_t>(options.simulations));
  in_parallel(drawn.size(), options.threads, [&](std::size_t r) {
    drawn[r] = counted_error(predictions, order, drawn_counts(predictions.size(), options.seed, r), options);
  });
  const std::vector<std::uint32_t> once(predictions.size(), 1);
  in_parallel(simulated.size(), options.threads, [&](std::size_t r) {
    const Noise noise(options.seed, simulation, r);
    std::vector<Prediction> calibrated(predictions.begin(), predictions.end());
    for (std::size_t i = 0; i < calibrated.size(); ++i)
      calibrated[i].right = noise.uniform(static_cast<int>(i)) < calibrated[i].confidence;
    simulated[r] = counted_error(calibrated, order, once, options);
  });
  if (predictions.size() >= fewest_steps) result.error = spread(drawn);
  std::sort(simulated.begin(), simulated.end());
  result.if_calibrated = std::accumulate(simulated.begin(), simulated.end(), 0.0) / options.simulations;
  result.if_calibrated_95 = quantile(simulated, 0.95);
  return result;
}

CalibrationFit fit_calibration(const std::function<std::vector<Prediction>(double beta)>& predictions,
                               const CalibrationErrorOptions& options, double also) {
  constexpr int reach = 48, octave = 16;
  constexpr std::size_t places = 2 * reach + 1;
  const std::size_t replicates = static_cast<std::size_t>(options.replicates);
  std::vector<double> betas, errors;
  std::vector<std::vector<double>> drawn;  // (places, replicates)
  std::size_t steps = 0;
  for (int k = -reach; k <= reach; ++k) betas.push_back(std::exp2(static_cast<double>(k) / octave));
  if (also > 0 && std::isfinite(also)) betas.push_back(also);
  for (const double beta : betas) {
    const std::vector<Prediction> at = predictions(beta);
    const auto order = by_confidence(at);
    steps = at.size();
    errors.push_back(expected_calibration_error(reliability(at, options.binning, options.bins)));
    drawn.emplace_back(replicates);
    in_parallel(replicates, options.threads, [&](std::size_t r) {
      drawn.back()[r] = counted_error(at, order, drawn_counts(steps, options.seed, r), options);
    });
  }
  const auto least = [&](auto error_at) {
    std::size_t best = reach;
    for (std::size_t away = 1; away <= reach; ++away)
      for (const std::size_t k : {reach - away, reach + away})
        if (error_at(k) < error_at(best)) best = k;
    if (betas.size() > places && error_at(places) < error_at(best)) best = places;
    return best;
  };
  const std::size_t best = least([&](std::size_t k) { return errors[k]; });
  CalibrationFit fit{betas[best], unknown_value, unknown_value, best == 0 || best + 1 == places, {}};
  for (std::size_t k = 0; k < betas.size(); ++k) fit.curve.emplace_back(betas[k], errors[k]);
  std::sort(fit.curve.begin(), fit.curve.end());
  if (steps < fewest_steps) return fit;
  std::vector<double> found;
  for (std::size_t r = 0; r < replicates; ++r)
    found.push_back(betas[least([&](std::size_t k) { return drawn[k][r]; })]);
  std::sort(found.begin(), found.end());
  fit.low = quantile(found, 0.025);
  fit.high = quantile(found, 0.975);
  return fit;
}

}  // namespace kelvin
