// What the tools print with --json.
#pragma once

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tests/support.h"

namespace kelvin::test {

inline std::vector<JsonDocument> json_lines(const std::string& text) {
  std::vector<JsonDocument> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(parse_json(line, "output"));
  return lines;
}
inline std::vector<JsonDocument> json_lines(const Finished& finished) {
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  return json_lines(finished.out);
}

}  // namespace kelvin::test
