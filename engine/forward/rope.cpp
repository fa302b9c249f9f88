#include "engine/forward/rope.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <stdexcept>

#include "engine/platform/portable_math.h"

namespace kelvin::engine {
namespace {

constexpr double pi = 3.14159265358979323846;

// theta^(2i / d) in float32: transformers keeps powers and their inverses as float32 tensors, and at position
// 100,000 one unit in the last place of a frequency is a visible angle.
float power(double theta, int i, int dims) {
  const float exponent = static_cast<float>(2 * i) / static_cast<float>(dims);
  return static_cast<float>(
      portable::pow(static_cast<double>(static_cast<float>(theta)), static_cast<double>(exponent)));
}

std::vector<float> unscaled(double theta, int dims) {
  std::vector<float> f((static_cast<std::size_t>(dims) + 1) / 2);
  for (int i = 0; i < static_cast<int>(f.size()); ++i) f[i] = 1.0f / power(theta, i, dims);
  return f;
}

// Each frequency has a divisor of its own (Ding et al. 2024, arXiv 2402.13753).
std::vector<float> longrope(double theta, const std::vector<double>& factors, int dims) {
  std::vector<float> f(factors.size());
  for (int i = 0; i < static_cast<int>(f.size()); ++i)
    f[i] = 1.0f / (static_cast<float>(factors[i]) * power(theta, i, dims));
  return f;
}

// Slow frequencies are divided by the factor, fast ones stay, with a ramp between (Llama 3.1).
std::vector<float> llama3(const RopeSpec& spec, int dims) {
  std::vector<float> f = unscaled(spec.theta, dims);
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
std::vector<float> yarn(const RopeSpec& spec, int dims) {
  const double original = spec.original_max_position;
  const auto dimension = [&](double rotations) {
    return dims * portable::log(original / (rotations * 2.0 * pi)) / (2.0 * portable::log(spec.theta));
  };
  double low = dimension(spec.beta_fast), high = dimension(spec.beta_slow);
  if (spec.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dims - 1.0);
  if (low == high) high += 0.001;  // the ramp must not divide by zero

  std::vector<float> f((static_cast<std::size_t>(dims) + 1) / 2);
  for (int i = 0; i < static_cast<int>(f.size()); ++i) {
    const float p = power(spec.theta, i, dims);
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

double longrope_attention_factor(const RopeSpec& spec) {
  if (spec.attention_factor) return *spec.attention_factor;
  if (spec.factor <= 1.0) return 1.0;
  return std::sqrt(1.0 + portable::log(spec.factor) / portable::log(spec.original_max_position));
}

bool needs_original(RopeKind kind) { return kind != RopeKind::unscaled && kind != RopeKind::linear; }

}  // namespace

Rope::Rope(const RopeSpec& spec) : spec_(spec) {
  if (spec.dims <= 0) throw std::invalid_argument("rope: the number of rotated dimensions must be positive");
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
  if (spec.kind == RopeKind::longrope) {
    const auto fits = [&](const std::vector<double>& factors) {
      return factors.size() == static_cast<std::size_t>(pairs()) &&
             std::all_of(factors.begin(), factors.end(), [](double f) { return f > 0.0; });
    };
    if (!fits(spec.short_factors) || !fits(spec.long_factors) || spec.original_max_position < 2)
      throw std::invalid_argument("rope: a positive short and long factor per pair expected");
    attention_factor_ = longrope_attention_factor(spec);
  }
  if (spec.kind == RopeKind::yarn) attention_factor_ = yarn_attention_factor(spec);
  first_set_ = compute(0);
}

int Rope::frequency_set(int length) const {
  if (length <= spec_.original_max_position) return 0;
  if (spec_.kind == RopeKind::dynamic) return length;
  return spec_.kind == RopeKind::longrope ? spec_.original_max_position + 1 : 0;
}

int Rope::last_length(int length) const {
  if (spec_.kind != RopeKind::dynamic && spec_.kind != RopeKind::longrope) return INT_MAX;
  if (frequency_set(length) == 0) return spec_.original_max_position;
  return spec_.kind == RopeKind::dynamic ? length : INT_MAX;
}

std::vector<float> Rope::compute(int set) const {
  switch (spec_.kind) {
    case RopeKind::unscaled:
      return unscaled(spec_.theta, spec_.dims);
    case RopeKind::linear: {
      std::vector<float> f = unscaled(spec_.theta, spec_.dims);
      for (float& frequency : f) frequency = frequency / static_cast<float>(spec_.factor);
      return f;
    }
    case RopeKind::dynamic: {
      if (set == 0 || spec_.dims <= 2) return unscaled(spec_.theta, spec_.dims);
      const double stretch = spec_.factor * set / spec_.original_max_position - (spec_.factor - 1.0);
      return unscaled(spec_.theta * portable::pow(stretch, spec_.dims / (spec_.dims - 2.0)), spec_.dims);
    }
    case RopeKind::llama3:
      return llama3(spec_, spec_.dims);
    case RopeKind::yarn:
      return yarn(spec_, spec_.dims);
    case RopeKind::longrope:
      return longrope(spec_.theta, set == 0 ? spec_.short_factors : spec_.long_factors, spec_.dims);
  }
  return {};
}

void Rope::angles(std::span<const float> frequencies, int position, float* cosines, float* sines) const {
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double angle = static_cast<double>(position) * static_cast<double>(frequencies[i]);
    cosines[i] = static_cast<float>(portable::cos(angle) * attention_factor_);
    sines[i] = static_cast<float>(portable::sin(angle) * attention_factor_);
  }
}

void Rope::rotate(float* head, const float* cosines, const float* sines, int head_dim, float scale) const {
  const int n = pairs(), rotated = 2 * n, begin = spec_.from_end ? head_dim - rotated : 0;
  const int step = spec_.interleaved ? 2 : 1, apart = spec_.interleaved ? 1 : n;
  float* const from = head + begin;
  for (int i = 0; i < n; ++i) {
    const float a = from[i * step], b = from[i * step + apart];
    from[i * step] = (a * cosines[i] - b * sines[i]) * scale;
    from[i * step + apart] = (b * cosines[i] + a * sines[i]) * scale;
  }
  for (int d = 0; d < begin; ++d) head[d] *= scale;
  for (int d = begin + rotated; d < head_dim; ++d) head[d] *= scale;
}

}  // namespace kelvin::engine
