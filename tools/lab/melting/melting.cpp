#include "tools/lab/melting/melting.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace kelvin {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

double sum_of(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

Estimate mean_of(std::span<const double> values) {
  const double n = static_cast<double>(values.size()), mean = sum_of(values) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1) / n) : undefined};
}

// The variance over texts of one of their sums, but for text `left_out`.
double variance_of(const std::vector<double>& sums, std::size_t left_out) {
  double n = 0, mean = 0, squares = 0;
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (i != left_out) n += 1, mean += sums[i];
  mean /= n;
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (i != left_out) squares += (sums[i] - mean) * (sums[i] - mean);
  return n > 1 ? squares / (n - 1) : undefined;
}

// Cov(E, sum of (E_t - <E>_t)). What came before a step tells nothing about E_t - <E>_t, so that only the energy from t
// on counts: sum over t of Cov(E_t - <E>_t, E_t + E_(t+1) + ...), which varies less (Williams 1992).
double response_sum(const MeltingUnit& unit, std::size_t tokens, std::size_t left_out) {
  std::vector<double> to_go(unit.texts.size(), 0.0);
  const double n = static_cast<double>(unit.texts.size() - (left_out == nobody ? 0 : 1));
  double sum = 0;
  for (std::size_t t = tokens; t-- > 0;) {
    double mean = 0, products = 0;
    for (std::size_t i = 0; i < to_go.size(); ++i) {
      to_go[i] += unit.texts[i].energy[t];
      if (i != left_out) mean += to_go[i] / n;
    }
    for (std::size_t i = 0; i < to_go.size(); ++i)
      if (i != left_out)
        products += (unit.texts[i].energy[t] - unit.texts[i].expected[t]) * (to_go[i] - mean);
    sum += products / (n - 1);
  }
  return sum;
}

// of(left_out) for all texts, and the jackknife's error (Quenouille 1949; Tukey 1958).
Estimate jackknife(std::size_t texts, const std::function<double(std::size_t left_out)>& of) {
  std::vector<double> without(texts);
  for (std::size_t i = 0; i < texts; ++i) without[i] = of(i);
  const double n = static_cast<double>(texts), mean = sum_of(without) / n;
  double squares = 0;
  for (const double value : without) squares += (value - mean) * (value - mean);
  return {of(nobody), texts > 2 ? std::sqrt(squares * (n - 1) / n) : undefined};
}

std::size_t length_of(const MeltingUnit& unit) { return unit.texts.front().energy.size(); }

// Sums over the first `tokens` of each text.
std::vector<double> totals(const MeltingUnit& unit, std::size_t tokens,
                           std::vector<double> DrawnText::*member) {
  std::vector<double> sums;
  for (const DrawnText& text : unit.texts) sums.push_back(sum_of(std::span(text.*member).first(tokens)));
  return sums;
}

double heat_capacity(const MeltingUnit& unit, HeatCapacity kind, std::size_t tokens, std::size_t left_out) {
  const double beta_squared = unit.beta * unit.beta, n = static_cast<double>(tokens);
  if (kind == HeatCapacity::fluctuation)
    return beta_squared * variance_of(totals(unit, tokens, &DrawnText::energy), left_out) / n;
  if (kind == HeatCapacity::response) return beta_squared * response_sum(unit, tokens, left_out) / n;
  std::vector<double> variance = totals(unit, tokens, &DrawnText::variance);
  if (left_out != nobody) variance.erase(variance.begin() + static_cast<std::ptrdiff_t>(left_out));
  return beta_squared * sum_of(variance) / n / static_cast<double>(variance.size());
}

Estimate heat_estimate(const MeltingUnit& unit, HeatCapacity kind, std::size_t tokens) {
  if (unit.texts.size() < 2) return {undefined, undefined};
  return jackknife(unit.texts.size(),
                   [&](std::size_t left_out) { return heat_capacity(unit, kind, tokens, left_out); });
}

Estimate per_token(const MeltingUnit& unit, std::vector<double> DrawnText::*member) {
  std::vector<double> means = totals(unit, length_of(unit), member);
  for (double& mean : means) mean /= static_cast<double>(length_of(unit));
  return mean_of(means);
}

double part_mean(const DrawnText& text, std::size_t first, std::size_t end) {
  return sum_of(std::span(text.energy).subspan(first, end - first)) / static_cast<double>(end - first);
}

std::vector<double> along_of(const MeltingUnit& unit) {
  constexpr std::size_t parts = 8;
  const std::size_t n = length_of(unit);
  std::vector<double> along;
  for (std::size_t part = 0; part < parts && n >= parts; ++part) {
    double sum = 0;
    for (const DrawnText& text : unit.texts) sum += part_mean(text, part * n / parts, (part + 1) * n / parts);
    along.push_back(sum / static_cast<double>(unit.texts.size()));
  }
  return along;
}

// The mean at a position is that over texts, so that a drift is no correlation.
double correlation_at(const MeltingUnit& unit, std::size_t distance) {
  const std::size_t n = length_of(unit);
  std::vector<double> mean(n, 0.0);
  for (const DrawnText& text : unit.texts)
    for (std::size_t t = 0; t < n; ++t) mean[t] += text.energy[t] / static_cast<double>(unit.texts.size());
  double products = 0, near = 0, far = 0;
  for (const DrawnText& text : unit.texts)
    for (std::size_t t = 0; t + distance < n; ++t) {
      const double a = text.energy[t] - mean[t], b = text.energy[t + distance] - mean[t + distance];
      products += a * b;
      near += a * a;
      far += b * b;
    }
  return near > 0 && far > 0 ? products / std::sqrt(near * far) : undefined;
}

Estimate drift_of(const MeltingUnit& unit) {
  const std::size_t n = length_of(unit), quarter = n / 4;
  if (quarter == 0) return {undefined, undefined};
  std::vector<double> drifts;
  for (const DrawnText& text : unit.texts)
    drifts.push_back(part_mean(text, n - quarter, n) - part_mean(text, 0, quarter));
  return mean_of(drifts);
}

// Texts of one number share their noise, so that the differences of pairs vary less than two means.
Estimate difference_of(const MeltingUnit& before, const MeltingUnit& after) {
  const double distance = 1 / after.beta - 1 / before.beta;
  if (!std::isfinite(distance) || distance == 0) return {undefined, undefined};
  std::vector<double> slopes;
  for (std::size_t i = 0; i < before.texts.size(); ++i)
    slopes.push_back(
        (part_mean(after.texts[i], 0, length_of(after)) - part_mean(before.texts[i], 0, length_of(before))) /
        distance);
  return mean_of(slopes);
}

}  // namespace

std::vector<MeltingPoint> melting_points(std::span<const MeltingUnit> units) {
  std::vector<MeltingPoint> points;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const MeltingUnit& unit = units[u];
    const std::size_t n = length_of(unit);
    MeltingPoint p{unit.beta,
                   unit.texts.size(),
                   n,
                   per_token(unit, &DrawnText::energy),
                   per_token(unit, &DrawnText::entropy),
                   heat_estimate(unit, HeatCapacity::response, n),
                   heat_estimate(unit, HeatCapacity::fluctuation, n),
                   heat_estimate(unit, HeatCapacity::steps, n),
                   {undefined, undefined},
                   drift_of(unit),
                   along_of(unit),
                   {},
                   {}};
    if (u > 0 && u + 1 < units.size() && units[u - 1].beta * units[u + 1].beta > 0)
      p.difference = difference_of(units[u - 1], units[u + 1]);
    for (std::size_t d = 1; d < std::max<std::size_t>(2, n / 2); d *= 2)
      p.correlation.push_back(correlation_at(unit, d));
    for (const std::size_t size : {n / 4, n / 2, n})
      if (size > 0) p.by_size.push_back(heat_estimate(unit, HeatCapacity::fluctuation, size));
    points.push_back(std::move(p));
  }
  return points;
}

std::optional<Transition> transition(std::span<const MeltingUnit> units, HeatCapacity kind) {
  std::vector<const MeltingUnit*> positive;
  for (const MeltingUnit& unit : units)
    if (unit.beta > 0 && std::isfinite(unit.beta) && unit.texts.size() > 2) positive.push_back(&unit);
  if (positive.size() < 3) return std::nullopt;
  double height = 0;
  // ln T of the top; NaN at an end.
  const auto top = [&](std::size_t left_out) {
    std::vector<double> c;
    for (const MeltingUnit* unit : positive)
      c.push_back(heat_capacity(*unit, kind, length_of(*unit), left_out));
    const auto i = static_cast<std::size_t>(std::max_element(c.begin(), c.end()) - c.begin());
    if (left_out == nobody) height = c[i];
    if (i == 0 || i + 1 == c.size()) return undefined;
    const double x0 = -std::log(positive[i - 1]->beta), x1 = -std::log(positive[i]->beta),
                 x2 = -std::log(positive[i + 1]->beta);
    const double left = (c[i] - c[i - 1]) / (x1 - x0), right = (c[i] - c[i + 1]) / (x2 - x1);
    // The slopes are those of a parabola in the middles of the two intervals.
    return left + right > 0 ? (x0 + x1) / 2 + left / (left + right) * (x2 - x0) / 2 : x1;
  };
  const Estimate place = jackknife(positive.front()->texts.size(), top);
  if (std::isnan(place.value)) return std::nullopt;
  const double t = std::exp(place.value);
  return Transition{t, t * place.error, height};
}

}  // namespace kelvin
