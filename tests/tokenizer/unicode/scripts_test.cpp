#include "tokenizer/unicode/scripts.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace kelvin::unicode {

TEST_CASE("scripts go by either name, loosely") {
  const auto first_of = [](std::string_view name) { return script_ranges(name)->front().first; };
  CHECK(first_of("Latin") == 'A');
  CHECK(first_of("latn") == 'A');
  CHECK(first_of("old-italic") == first_of("Old_Italic"));
  CHECK_FALSE(script_ranges("Latinx").has_value());
  const std::vector<std::string_view> names = script_names();
  CHECK(std::count(names.begin(), names.end(), "Greek") == 1);
  CHECK(std::count(names.begin(), names.end(), "Garay") == 1);  // new in 16.0
  for (const std::string_view name : names) CHECK(script_ranges(name).has_value());
}

}  // namespace kelvin::unicode
