#include "engine/rope.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <stdexcept>

#include "engine/portable_math.h"

namespace kelvin {
namespace {

constexpr double pi = 3.14159265358979323846;

// theta^(2i / d) in float32: transformers keeps powers and their inverses as float32 tensors, and at position
// 100,000 one unit in the last place of a frequency is a visible angle.
float power(double theta, int i, int head_dim) {
  const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
  return static_cast<float>(
      portable::pow(static_cast<double>(static_cast<float>(theta)), static_cast<double>(exponent)));
}

std::vector<float> standard(double theta, int head_dim) {
  std::vector<float> f(static_cast<std::size_t>(head_dim) / 2);
  for (int i = 0; i < head_dim / 2; ++i) f[i] = 1.0f / power(theta, i, head_dim);
  return f;
}

// Slow frequencies are divided by the factor, fast ones stay, with a ramp between (Llama 3.1).
std::vector<float> llama3(const RopeSpec& spec, int head_dim) {
  std::vector<float> f = standard(spec.theta, head_dim);
  const double original = spec.original_max_position;
  const float slow = static_cast<float>(original / spec.low_freq_factor);
  const float fast = static_cast<float>(original / spec.high_freq_factor);
  const float factor = static_cast<float>(spec.factor), low = static_cast<float>(spec.low_freq_factor);
  const float range = static_cast<float>(spec.high_freq_factor - spec.low_freq_factor);
  for (float& frequency : f) {
    const float wavelength = static_cast<float>(2.0 * pi) / frequency;
    if (wavelength > slow) {
      frequency = frequency / factor;
    } else if (wavelength >= fast && range > 0.0f) {
      const float smooth = (static_cast<float>(original) / wavelength - low) / range;
      frequency = (1.0f - smooth) * (frequency / factor) + smooth * frequency;
    }
  }
  return f;
}

// Per dimension between interpolated and kept frequencies (Peng et al. 2023, arXiv 2309.00071).
std::vector<float> yarn(const RopeSpec& spec, int head_dim) {
  const double original = spec.original_max_position;
  const auto dimension = [&](double rotations) {
    return head_dim * portable::log(original / (rotations * 2.0 * pi)) / (2.0 * portable::log(spec.theta));
  };
  double low = dimension(spec.beta_fast), high = dimension(spec.beta_slow);
  if (spec.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, head_dim - 1.0);
  if (low == high) high += 0.001;  // the ramp must not divide by zero

  std::vector<float> f(static_cast<std::size_t>(head_dim) / 2);
  for (int i = 0; i < head_dim / 2; ++i) {
    const float p = power(spec.theta, i, head_dim);
    const float position = (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low);
    const float kept = 1.0f - std::clamp(position, 0.0f, 1.0f);
    const float interpolated = 1.0f / (static_cast<float>(spec.factor) * p);
    f[i] = interpolated * (1.0f - kept) + 1.0f / p * kept;
  }
  return f;
}

double yarn_attention_factor(const RopeSpec& spec) {
  if (spec.attention_factor) return *spec.attention_factor;
  const auto mscale = [&](double m) {
    return spec.factor <= 1.0 ? 1.0 : 0.1 * m * portable::log(spec.factor) + 1.0;
  };
  if (spec.mscale && spec.mscale_all_dim && *spec.mscale != 0.0 && *spec.mscale_all_dim != 0.0)
    return mscale(*spec.mscale) / mscale(*spec.mscale_all_dim);
  return mscale(1.0);
}

bool needs_original(RopeKind kind) {
  return kind == RopeKind::dynamic || kind == RopeKind::llama3 || kind == RopeKind::yarn;
}

}  // namespace

Rope::Rope(const RopeSpec& spec, int head_dim) : spec_(spec), head_dim_(head_dim) {
  if (head_dim <= 0 || head_dim % 2 != 0)
    throw std::invalid_argument("rope: head_dim must be even and positive");
  if (!(spec.theta > 0.0) || !std::isfinite(spec.theta))
    throw std::invalid_argument("rope: theta must be positive");
  if (!(spec.factor > 0.0) || !std::isfinite(spec.factor))
    throw std::invalid_argument("rope: factor must be positive");
  if (needs_original(spec.kind) && spec.original_max_position <= 0)
    throw std::invalid_argument("rope: original_max_position must be positive");
  if (spec.kind == RopeKind::llama3 &&
      !(spec.low_freq_factor > 0.0 && spec.high_freq_factor >= spec.low_freq_factor))
    throw std::invalid_argument("rope: 0 < low_freq_factor <= high_freq_factor expected");
  if (spec.kind == RopeKind::yarn && !(spec.beta_fast > 0.0 && spec.beta_slow > 0.0 && spec.theta > 1.0))
    throw std::invalid_argument("rope: beta_fast, beta_slow > 0 and theta > 1 expected");
  if (spec.kind == RopeKind::yarn) attention_factor_ = yarn_attention_factor(spec);
  first_epoch_ = compute(0);
}

int Rope::epoch(int length) const {
  return spec_.kind == RopeKind::dynamic && length > spec_.original_max_position ? length : 0;
}

int Rope::last_length(int length) const {
  if (spec_.kind != RopeKind::dynamic) return INT_MAX;
  return epoch(length) == 0 ? spec_.original_max_position : length;
}

std::vector<float> Rope::compute(int epoch) const {
  switch (spec_.kind) {
    case RopeKind::standard:
      return standard(spec_.theta, head_dim_);
    case RopeKind::linear: {
      std::vector<float> f = standard(spec_.theta, head_dim_);
      for (float& frequency : f) frequency = frequency / static_cast<float>(spec_.factor);
      return f;
    }
    case RopeKind::dynamic: {
      if (epoch == 0 || head_dim_ == 2) return standard(spec_.theta, head_dim_);
      const double stretch = spec_.factor * epoch / spec_.original_max_position - (spec_.factor - 1.0);
      return standard(spec_.theta * portable::pow(stretch, head_dim_ / (head_dim_ - 2.0)), head_dim_);
    }
    case RopeKind::llama3:
      return llama3(spec_, head_dim_);
    case RopeKind::yarn:
      return yarn(spec_, head_dim_);
  }
  return {};
}

void Rope::angles(const std::vector<float>& frequencies, int position, float* cosines, float* sines) const {
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double angle = static_cast<double>(position) * static_cast<double>(frequencies[i]);
    cosines[i] = static_cast<float>(portable::cos(angle) * attention_factor_);
    sines[i] = static_cast<float>(portable::sin(angle) * attention_factor_);
  }
}

void rotate_halves(float* head, const float* cosines, const float* sines, int head_dim, float scale) {
  const int half = head_dim / 2;
  for (int i = 0; i < half; ++i) {
    const float a = head[i], b = head[i + half];
    head[i] = (a * cosines[i] - b * sines[i]) * scale;
    head[i + half] = (b * cosines[i] + a * sines[i]) * scale;
  }
}

}  // namespace kelvin
