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

// What a tool printed, but for where it comes from: the table or the JSON lines that two commands have in common.
inline std::string results(const Finished& finished) {
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  std::string text = finished.out;
  if (const std::size_t json = text.rfind(",\"provenance\":{"); json != text.npos)
    text.replace(json, text.npos, "}\n");
  else if (const std::size_t line = text.rfind("\nKelvin "); line != text.npos)
    text.erase(line + 1);
  else
    FAIL("no provenance in " << text);
  return text;
}

}  // namespace kelvin::test
