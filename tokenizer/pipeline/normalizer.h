// The normalizers of a tokenizer, one after the other.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/pipeline/charsmap.h"
#include "tokenizer/pipeline/pipeline_spec.h"
#include "tokenizer/pipeline/sentencepiece_text.h"
#include "tokenizer/regex/regex.h"

namespace kelvin::tokenizer {

class Normalizer {
 public:
  Normalizer() = default;
  // Throws RegexError, TokenizerError.
  explicit Normalizer(const std::vector<NormalizerSpec>& specs);

  bool empty() const { return steps_.empty(); }

  // `text` is well-formed, and so is the result. `origin`: so many bytes at the front of the text, and then of
  // the result, stand for the first character of the whole input. Throws TokenizerError where a step makes the
  // text too long (length_limit.h).
  std::string run(std::string_view text, std::size_t& origin) const;

 private:
  struct Replacement {
    Regex pattern;
    std::string content;
  };
  using Step = std::variant<NormalizerSpec, Replacement, SentencePieceNormalizer, CharsMap>;

  std::string after(const Step& step, std::string_view text, std::size_t max, std::size_t& origin) const;

  std::vector<Step> steps_;
};

// `text` with every match replaced. Stops where the result is longer than `most`.
std::string replaced(std::string_view text, const Regex& pattern, std::string_view content,
                     std::size_t max = std::string::npos);

}  // namespace kelvin::tokenizer
