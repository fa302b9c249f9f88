#include "sampling/statistics/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kelvin {
namespace {

ReliabilityBin bin_of(std::span<const Prediction> members) {
  ReliabilityBin bin{members.size(), 1.0, 0.0, 0.0, 0.0};
  for (const Prediction& p : members) {
    bin.low = std::min(bin.low, p.confidence);
    bin.high = std::max(bin.high, p.confidence);
    bin.confidence += p.confidence;
    bin.accuracy += p.right ? 1.0 : 0.0;
  }
  bin.confidence /= static_cast<double>(members.size());
  bin.accuracy /= static_cast<double>(members.size());
  return bin;
}

}  // namespace

std::vector<ReliabilityBin> reliability(std::span<const Prediction> predictions, Binning binning, int bins) {
  std::vector<Prediction> sorted(predictions.begin(), predictions.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Prediction& a, const Prediction& b) { return a.confidence < b.confidence; });
  std::vector<ReliabilityBin> result;
  std::size_t begin = 0;
  for (int i = 1; i <= bins; ++i) {
    std::size_t end = sorted.size();
    if (i < bins && binning == Binning::equal_mass) {
      end = sorted.size() * static_cast<std::size_t>(i) / static_cast<std::size_t>(bins);
    } else if (i < bins) {
      const double edge = static_cast<double>(i) / bins;
      while (end > begin && sorted[end - 1].confidence > edge) --end;
    }
    if (end > begin) result.push_back(bin_of(std::span(sorted).subspan(begin, end - begin)));
    begin = end;
  }
  return result;
}

double expected_calibration_error(std::span<const ReliabilityBin> bins) {
  double sum = 0, count = 0;
  for (const ReliabilityBin& bin : bins) {
    const double weight = static_cast<double>(bin.count);
    sum += weight * std::fabs(bin.accuracy - bin.confidence);
    count += weight;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace kelvin
