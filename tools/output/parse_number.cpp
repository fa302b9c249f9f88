#include "tools/output/parse_number.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace kelvin {
namespace {

std::string_view without_plus(std::string_view text) {
  return text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+' ? text.substr(1) : text;
}

template <class T>
std::optional<T> parse_all(std::string_view text) {
  text = without_plus(text);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> parse_real(std::string_view text) {
  const auto value = parse_all<double>(text);
  return value && !std::isnan(*value) ? value : std::nullopt;
}
std::optional<std::int64_t> parse_integer(std::string_view text) { return parse_all<std::int64_t>(text); }
std::optional<std::uint64_t> parse_unsigned(std::string_view text) { return parse_all<std::uint64_t>(text); }

}  // namespace kelvin
