// What the rows of the registry are put together from.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sampling/stage_type.h"

namespace kelvin::sampling::row_parts {

// The functions of stage.h as stages/ defines them.
using Edit = void(std::span<float>, const Params&, const StageContext&);
using Prepare = std::shared_ptr<const void>(const Params&, const Vocabulary&);
using Accept = int(int, const Params&, const StageContext&);

inline constexpr double inf = std::numeric_limits<double>::infinity();

inline Parameter number(std::string name, double default_value, double min, double max, std::string help) {
  return {.name = std::move(name),
          .default_value = default_value,
          .min = min,
          .max = max,
          .help = std::move(help)};
}

inline Parameter integer(std::string name, double default_value, double min, double max, std::string help) {
  Parameter p = number(std::move(name), default_value, min, max, std::move(help));
  p.integer = true;
  return p;
}

inline Parameter text(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .is_text = true};
}

inline Parameter named_text(std::string name, std::string default_text, std::string help) {
  Parameter p = text(std::move(name), std::move(help));
  p.default_text = std::move(default_text);
  return p;
}

// The first choice is the default.
inline Parameter choice(std::string name, std::vector<std::string> choices, std::string help) {
  return {.name = std::move(name),
          .help = std::move(help),
          .is_text = true,
          .default_text = choices[0],
          .choices = std::move(choices)};
}

inline constexpr const char* token_set_help =
    "a word, id:13,20-29, regex:... (Ruby's syntax), script:Latin or file:PATH (text that holds them)";

inline constexpr const char* allowed_help =
    "a set of tokens as for ban, or words:FILE: text of the words in that file, one a line";

inline Parameter last_tokens(double default_value) {
  return integer("last", default_value, -1, inf, "how many of the last tokens count; -1: all");
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

inline Parameter keep() { return integer("keep", 1, 1, inf, "at least this many stay"); }

}  // namespace kelvin::sampling::row_parts
