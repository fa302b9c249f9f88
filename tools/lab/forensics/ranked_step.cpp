#include "tools/lab/forensics/ranked_step.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "sampling/statistics/boltzmann.h"
#include "sampling/statistics/logit_scan.h"

namespace kelvin {
namespace {

constexpr std::size_t kept_exactly = 512;

}  // namespace

RankedStep::RankedStep(std::span<const float> logits, int id)
    : rank_(rank_of(logits, id)), observed_(logits[static_cast<std::size_t>(id)]) {
  if (rank_ == 0) throw std::invalid_argument("the token that came is impossible");
  std::vector<float> sorted(logits.begin(), logits.end());
  std::erase(sorted, impossible);
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double top = sorted.front();
  double total = 0, before = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double weight = exp_exact(static_cast<double>(sorted[i]) - top);
    if (i + 1 < rank_) before += weight;
    total += weight;
  }
  above_ = before / total;
  share_ = exp_exact(observed_ - top);
  for (std::size_t first = 0; first < sorted.size();) {
    // Ranks from the nearer end; a group does not reach into what is kept exactly at the other.
    const std::size_t left = sorted.size() - first;
    const bool exactly = first < kept_exactly || left <= kept_exactly;
    const std::size_t count = exactly ? 1 : std::max<std::size_t>(1, std::min(first, left) * 3 / 100);
    const std::size_t end = first + (exactly ? 1 : std::min(count, left - kept_exactly));
    double sum = 0;
    for (std::size_t i = first; i < end; ++i) sum += sorted[i];
    z_.push_back(sum / static_cast<double>(end - first));
    last_.push_back(end);
    first = end;
  }
}

std::size_t RankedStep::kept_by_top_p(double p) const {
  const double total = exp_exact(moments(1.0, possible()).log_z - z_.front());
  double mass = 0;
  for (std::size_t i = 0, before = 0; i < z_.size(); before = last_[i++]) {
    mass += static_cast<double>(last_[i] - before) * exp_exact(z_[i] - z_.front());
    if (mass >= p * total) return last_[i];
  }
  return possible();
}

std::size_t RankedStep::kept_by_min_p(double p) const {
  const double lowest = z_.front() + log_exact(p) - 1e-9;
  std::size_t kept = 1;
  for (std::size_t i = 0; i < z_.size() && z_[i] >= lowest; ++i) kept = last_[i];
  return kept;
}

RankedStep::Moments RankedStep::moments(double beta, std::size_t kept) const {
  kept = std::clamp<std::size_t>(kept, 1, possible());
  const auto end =
      static_cast<std::size_t>(std::lower_bound(last_.begin(), last_.end(), kept) - last_.begin());
  const double extreme = beta >= 0 ? z_.front() : z_[end];
  double total = 0, mean = 0, square = 0;
  std::size_t before = 0;
  for (std::size_t i = 0; i <= end; before = last_[i++]) {
    const double weight =
        static_cast<double>(std::min(last_[i], kept) - before) * exp_exact(beta * (z_[i] - extreme));
    total += weight;
    mean += weight * (z_[i] - extreme);
    square += weight * (z_[i] - extreme) * (z_[i] - extreme);
  }
  mean /= total;
  return {beta * extreme + log_exact(total), extreme + mean, std::max(0.0, square / total - mean * mean)};
}

double RankedStep::mass_before(double beta, std::size_t kept, std::size_t rank) const {
  if (rank <= 1) return 0;
  return std::min(1.0, exp_exact(moments(beta, rank - 1).log_z - moments(beta, std::max(kept, rank)).log_z));
}

}  // namespace kelvin
