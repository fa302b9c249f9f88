#include "tools/lab/thermometer/rank_bands.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "sampling/statistics/boltzmann.h"

namespace kelvin {
namespace {

using Order = std::vector<std::uint32_t>;

// 0, 1, ..., n - 1 in the order that `before` says.
Order sorted_order(std::size_t n, const auto& before) {
  Order order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), before);
  return order;
}

// Ids by falling logit.
Order order_of(std::span<const float> logits) {
  return sorted_order(logits.size(), [&](std::uint32_t i, std::uint32_t j) {
    return logits[i] != logits[j] ? logits[i] > logits[j] : i < j;
  });
}

// First place and number of places of a band in an order.
std::size_t begin_of(const RankBand& band, std::size_t vocabulary) {
  return band.from_end ? vocabulary - band.last : band.first - 1;
}

// Spearman's correlation of 0, 1, ..., n - 1 with the order of `places`.
double spearman(std::span<const std::uint32_t> places) {
  const std::size_t n = places.size();
  if (n < 2) return std::numeric_limits<double>::quiet_NaN();
  const Order order =
      sorted_order(n, [&](std::uint32_t i, std::uint32_t j) { return places[i] < places[j]; });
  double squares = 0;
  for (std::size_t rank = 0; rank < n; ++rank) {
    const double d = static_cast<double>(order[rank]) - static_cast<double>(rank);
    squares += d * d;
  }
  const double count = static_cast<double>(n);
  return 1 - 6 * squares / (count * (count * count - 1));
}

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The standard error of the mean of `values` from the spread of the means of so many batches; 0 where there are none.
double mean_error(std::span<const double> values, std::size_t batches) {
  if (batches < 2) return 0;
  const double mean = mean_of(values), count = static_cast<double>(batches);
  double squares = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const std::size_t begin = b * values.size() / batches, end = (b + 1) * values.size() / batches;
    const double share = static_cast<double>(end - begin) * count / static_cast<double>(values.size()),
                 apart = share * (mean_of(values.subspan(begin, end - begin)) - mean);
    squares += apart * apart;
  }
  return std::sqrt(squares / (count * (count - 1)));
}

// A share of `count` that were drawn independently, `added` kept ones and as many lost ones beside them (Agresti and Coull
// 1998), which keeps what never varied from being certain.
struct Softened {
  double share, error;
};
Softened softened(double share, double count, double added) {
  const double all = count + 2 * added, soft = (share * count + added) / all;
  return {soft, std::sqrt(soft * (1 - soft) / all)};
}

// Whether a shuffle, which keeps the share `chance` of `count` tokens, might keep the share `kept`.
bool may_be_luck(double kept, double chance, double count) {
  const double found = kept * count, expected = chance * count;
  if (found <= expected) return true;
  // ln P(X >= found) <= found - expected - found ln(found / expected)
  return found - expected - found * std::log(found / expected) > std::log(0.00135);
}

}  // namespace

std::string RankBand::name() const {
  const std::string range =
      first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
  return (from_end ? "last " : "top ") + range;
}

std::vector<RankBand> rank_bands(std::size_t vocabulary) {
  const auto decades = [](std::size_t size, bool from_end) {
    std::vector<RankBand> bands;
    for (std::size_t first = 1, last = 1; first <= size; first = last + 1, last *= 10)
      bands.push_back({first, std::min(last, size), from_end});
    // A last decade that is cut short belongs to the one before.
    if (bands.size() > 1 && bands.back().size() < bands[bands.size() - 2].size()) {
      bands[bands.size() - 2].last = size;
      bands.pop_back();
    }
    return bands;
  };
  std::vector<RankBand> bands = decades(vocabulary - vocabulary / 2, false);
  const std::vector<RankBand> end = decades(vocabulary / 2, true);
  bands.insert(bands.end(), end.rbegin(), end.rend());
  return bands;
}

std::vector<BandComparison> compare_bands(std::span<const float> a, std::span<const float> b,
                                          std::span<const RankBand> bands) {
  const Order in_a = order_of(a), in_b = order_of(b);
  Order place_in_b(b.size());
  for (std::size_t place = 0; place < in_b.size(); ++place)
    place_in_b[in_b[place]] = static_cast<std::uint32_t>(place);
  std::vector<BandComparison> result;
  for (const RankBand& band : bands) {
    const std::size_t begin = begin_of(band, a.size()), end = begin + band.size();
    std::vector<std::uint32_t> places;
    std::vector<double> errors;
    std::size_t shared = 0;
    for (std::size_t place = begin; place < end; ++place) {
      const std::uint32_t id = in_a[place], other = place_in_b[id];
      places.push_back(other);
      shared += other >= begin && other < end ? 1 : 0;
      // Tokens that neither run allows do not differ.
      errors.push_back(a[id] == b[id] ? 0.0
                                      : std::fabs(static_cast<double>(a[id]) - static_cast<double>(b[id])));
    }
    result.push_back({static_cast<double>(shared) / static_cast<double>(band.size()), spearman(places),
                      median(std::move(errors))});
  }
  return result;
}

const char* name_of(Strength strength) {
  switch (strength) {
    case Strength::strong:
      return "strong";
    case Strength::weak:
      return "weak";
    default:
      return "noise";
  }
}

std::vector<BandSummary> summarise_bands(std::span<const RankBand> bands,
                                         const std::vector<std::vector<BandComparison>>& steps,
                                         std::size_t vocabulary, std::size_t draws) {
  std::vector<BandSummary> summaries;
  const std::size_t tokens = steps.size() / draws;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    std::vector<double> agreement(tokens, 0.0), errors;  // agreement: of a token, mean of its draws
    double correlation = 0;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      agreement[s % tokens] += steps[s][i].agreement / static_cast<double>(draws);
      correlation += steps[s][i].correlation;
      errors.push_back(steps[s][i].median_error);
    }
    const double chance = static_cast<double>(bands[i].size()) / static_cast<double>(vocabulary);
    const double places = static_cast<double>(tokens * bands[i].size());
    const double mean = mean_of(agreement),
                 error = std::max({mean_error(agreement, agreement.size()),
                                   mean_error(agreement, std::min<std::size_t>(12, tokens / 4)),
                                   softened(mean, places, 2).error});
    const double beyond = std::max(1 - chance, 1e-12), kept = (mean - chance) / beyond,
                 kept_error = error / beyond;
    // At three standard errors the interval adds 3^2 tokens.
    const Softened urn = softened(mean, places, 4.5);
    const bool is_strong = kept - 3 * kept_error > 0.5 && (urn.share - 3 * urn.error - chance) / beyond > 0.5;
    summaries.push_back({bands[i], mean, error, correlation / static_cast<double>(steps.size()),
                         median(std::move(errors)), chance, kept, kept_error,
                         may_be_luck(mean, chance, places) ? Strength::noise
                         : is_strong                       ? Strength::strong
                                                           : Strength::weak});
  }
  return summaries;
}

double kl_of_rows(std::span<const float> a, std::span<const float> b) {
  const Thermo p = thermo(a, 1.0), q = thermo(b, 1.0);
  ExactSum sum;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double log_p = p.log_p(a[i]);
    if (log_p == -infinity) continue;
    const double log_q = q.log_p(b[i]), probability = exp_exact(log_p);
    // p ln(p/q) - p + q is never negative, so that what is lost to rounding cannot outweigh the sum.
    const double rest = exp_exact(log_q) - probability;
    if (probability > 0) sum.add(probability * (log_p - log_q) + rest);
  }
  return std::max(0.0, sum.value());
}

}  // namespace kelvin
