// The normalizers of a tokenizer, one after the other.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/regex.h"
#include "tokenizer/spec.h"

namespace kelvin {

class Normalizer {
 public:
  Normalizer() = default;
  explicit Normalizer(const std::vector<NormalizerSpec>& specs);  // throws RegexError

  bool empty() const { return steps_.empty(); }

  // `text` is well-formed, and so is the result. `front_lost`: the first character of `text` was removed, so
  // that the result no longer begins where the text began.
  std::string run(std::string_view text, bool& front_lost) const;

 private:
  struct Replacement {
    Regex pattern;
    std::string content;
  };
  using Step = std::variant<NormalizerSpec, Replacement>;
  std::vector<Step> steps_;
};

// `pattern` as a Regex; throws RegexError.
Regex compiled(const Pattern& pattern);

// `text` with every match replaced.
std::string replaced(std::string_view text, const Regex& pattern, std::string_view content);

}  // namespace kelvin
