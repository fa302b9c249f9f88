// What an array of logits holds: its ends, and how many of its entries count.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

namespace kelvin {

// The logit of a removed token; it stays so at every temperature.
inline constexpr float impossible = -std::numeric_limits<float>::infinity();

// The largest logit; `impossible` for an empty array.
float largest(std::span<const float> logits);
// The largest logit, and how many are NaN or +infinity.
struct Scan {
  float top;
  unsigned not_finite;
};
Scan scan(std::span<const float> logits);
// The smallest logit that is not impossible; +infinity if there is none.
float smallest_possible(std::span<const float> logits);
// The index of the first entry equal to `value`; logits.size() if there is none.
std::size_t first_of(std::span<const float> logits, float value);
std::size_t count_possible(std::span<const float> logits);

// 1 + the number of tokens with larger logits, equal ones with lower ids included; 0 for an impossible token.
std::size_t rank_of(std::span<const float> logits,  // (vocabulary,)
                    int token);

}  // namespace kelvin
