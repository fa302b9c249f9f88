#include "tools/lab/duel/text_measures.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace kelvin {
namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

std::size_t count_n(std::span<const int> text, std::size_t n) {
  return text.size() < n ? 0 : text.size() - n + 1;
}

std::vector<int> gram(std::span<const int> text, std::size_t at, std::size_t n) {
  const auto part = text.subspan(at, n);
  return {part.begin(), part.end()};
}

}  // namespace

double distinct_n(std::span<const std::vector<int>> texts, std::size_t n) {
  std::set<std::vector<int>> different;
  std::size_t all = 0;
  for (const std::vector<int>& text : texts)
    for (std::size_t at = 0; at < count_n(text, n); ++at, ++all) different.insert(gram(text, at, n));
  return all > 0 ? static_cast<double>(different.size()) / static_cast<double>(all) : no_value;
}

double repeated_n(std::span<const int> text, std::size_t n) {
  const std::vector<int> copy(text.begin(), text.end());
  return 1 - distinct_n(std::span(&copy, 1), n);
}

std::vector<double> shared_n(std::span<const std::vector<int>> texts, std::size_t n) {
  // In how many texts, and in which one last.
  std::map<std::vector<int>, std::pair<std::size_t, std::size_t>> held;
  for (std::size_t t = 0; t < texts.size(); ++t)
    for (std::size_t at = 0; at < count_n(texts[t], n); ++at) {
      auto& [count, last] = held[gram(texts[t], at, n)];
      if (count == 0 || last != t) ++count;
      last = t;
    }
  std::vector<double> shares;
  for (const std::vector<int>& text : texts) {
    std::size_t shared = 0;
    for (std::size_t at = 0; at < count_n(text, n); ++at) shared += held[gram(text, at, n)].first > 1;
    const std::size_t all = count_n(text, n);
    shares.push_back(all > 0 ? static_cast<double>(shared) / static_cast<double>(all) : no_value);
  }
  return shares;
}

double compression_ratio(std::string_view bytes) {
  if (bytes.empty()) return no_value;
  std::map<std::pair<std::size_t, char>, std::size_t> phrases;
  std::size_t current = 0, bits = 0, count = 0;
  const auto write = [&] { bits += static_cast<std::size_t>(std::bit_width(count++)) + 8; };
  for (const char byte : bytes) {
    const auto [at, is_new] = phrases.emplace(std::pair(current, byte), phrases.size() + 1);
    if (is_new) write();
    current = is_new ? 0 : at->second;
  }
  if (current != 0) write();
  return 8 * static_cast<double>(bytes.size()) / static_cast<double>(bits);
}

}  // namespace kelvin
