// What the rows of the registry are put together from.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sampling/registry.h"

namespace kelvin::row_parts {

inline constexpr double inf = std::numeric_limits<double>::infinity();

inline Parameter number(std::string name, double standard, double least, double most, std::string help) {
  return {
      .name = std::move(name), .standard = standard, .least = least, .most = most, .help = std::move(help)};
}

inline Parameter whole(std::string name, double standard, double least, double most, std::string help) {
  Parameter p = number(std::move(name), standard, least, most, std::move(help));
  p.whole = true;
  return p;
}

inline Parameter text(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .is_text = true};
}

inline Parameter named_text(std::string name, std::string standard, std::string help) {
  Parameter p = text(std::move(name), std::move(help));
  p.standard_text = std::move(standard);
  return p;
}

// The first choice is the default.
inline Parameter choice(std::string name, std::vector<std::string> choices, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_text = true,
          .standard_text = choices[0],
          .choices = std::move(choices)};
}

inline constexpr const char* token_set_help =
    "a word, id:13,20-29, regex:..., script:Latin or file:PATH (text that holds them)";

inline Parameter last_tokens(double standard) {
  return whole("last", standard, -1, inf, "how many of the last tokens count; -1: all");
}
inline Parameter which_history() {
  return choice("of", {"all", "output"}, "prompt and answer, or the answer alone");
}
inline Parameter origin() {
  return choice(
      "origin", {"extreme", "zero"},
      "which logit stays at 0 or in place; zero is what other engines do, and the same distribution");
}

inline Parameter ends() {
  return named_text("ends", "usual",
                    "the tokens that end the text: usual (the model's own), or a set as for ban");
}

inline Parameter keep() { return whole("keep", 1, 1, inf, "at least this many stay"); }

}  // namespace kelvin::row_parts
