// Members of a configuration object, with range checks whose errors name the key, what was expected and what
// was found. The optional forms take an absent key and null for "not said".
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "loaders/json/json.h"

namespace kelvin {

// Closed ranges of what is accepted.
struct IntRange {
  std::int64_t low = std::numeric_limits<int>::min();
  std::int64_t high = std::numeric_limits<int>::max();
};
inline constexpr IntRange positive_int{1};

struct RealRange {
  double low = std::numeric_limits<double>::lowest();
  double high = std::numeric_limits<double>::max();
};
inline constexpr RealRange positive_real{std::numeric_limits<double>::denorm_min()};

int int_in(JsonValue value, IntRange range);
double real_in(JsonValue value, RealRange range);

int required_int(JsonValue object, std::string_view key, IntRange range);
double required_real(JsonValue object, std::string_view key, RealRange range);

std::optional<JsonValue> optional_member(JsonValue object, std::string_view key);
std::optional<int> optional_int(JsonValue object, std::string_view key, IntRange range);
std::optional<double> optional_real(JsonValue object, std::string_view key, RealRange range);
std::optional<bool> optional_bool(JsonValue object, std::string_view key);

}  // namespace kelvin
