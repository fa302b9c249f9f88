#include "sampling/candidate.h"

#include <algorithm>
#include <array>

namespace kelvin {

namespace {

constexpr int digit_bits = 11, digits = 3;
constexpr std::uint32_t values = 1u << digit_bits;

std::uint32_t digit(const Candidate& c, int d) { return c.digit(d * digit_bits, values - 1); }

}  // namespace

// By eleven bits of the key at a time from the lowest: equal keys keep their order, which is that of their
// ids. Both ends of the candidates are worked on in turn, so that where many have the same digit, one does
// not wait for the other's count.
void sort(std::vector<Candidate>& candidates, std::vector<Candidate>& spare, std::size_t n) {
  constexpr std::size_t few = 256;
  if (n <= few) {
    std::sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(n));
    return;
  }
  std::array<std::array<std::uint32_t, values>, digits> fronts{}, backs{};
  for (std::size_t i = 0; i < n; ++i) {
    auto& counts = i % 2 ? backs : fronts;
    for (int d = 0; d < digits; ++d) ++counts[d][digit(candidates[i], d)];
  }
  for (int d = 0; d < digits; ++d) {
    auto &front = fronts[d], &back = backs[d];  // from counts to places
    const std::uint32_t some = digit(candidates[0], d);
    if (front[some] + back[some] == n) continue;
    std::uint32_t place = 0;
    for (std::uint32_t v = 0; v < values; ++v) {
      const std::uint32_t count = front[v] + back[v];
      front[v] = place;
      back[v] = place += count;
    }
    const Candidate* const from = candidates.data();
    Candidate* const to = spare.data();
    for (std::size_t i = 0; i < n / 2; ++i) {
      const Candidate first = from[i], last = from[n - 1 - i];
      to[front[digit(first, d)]++] = first;
      to[--back[digit(last, d)]] = last;
    }
    if (n % 2) to[front[digit(from[n / 2], d)]] = from[n / 2];
    candidates.swap(spare);
  }
}

}  // namespace kelvin
