// What an expression may ask of the text generated so far: whether it matches a regular expression, how often, and how
// many tokens ago.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/stage.h"
#include "tokenizer/regex/regex.h"

namespace kelvin::sampling {

// The answer so far as characters, however tokens cut them. Of a character whose last bytes are still to come nothing
// is seen; ill-formed bytes are U+FFFD. A function of the tokens alone, so what is taken back was never there.
class AnswerText {
 public:
  // More of the end of an answer is not read, so that a step costs the same at any length.
  static constexpr std::size_t max_bytes = 16384;

  // Reads what `step` generated, without the prompt. `bytes`: what each id decodes to; other ids are empty.
  void read(const Step& step, std::span<const std::string> bytes);

  std::string_view text() const { return text_; }

  // What the last `n_tokens` completed.
  std::string_view last(std::size_t n_tokens) const;

  // How many tokens follow the one that completed the first `n_bytes` of text().
  std::size_t tokens_after(std::size_t n_bytes) const;

 private:
  std::string raw_, text_;
  std::vector<std::size_t> raw_ends_, ends_;  // (tokens read,): bytes of raw_ and text_ up to each
};

// One question; `value` is a number as expressions have it.
struct TextLook {
  enum class Kind {
    matches,  // 1 if there is a match, else 0
    count,    // of matches that do not overlap
    since,    // tokens after the one that completed the latest match; infinity if there is none
  };
  // Larger patterns are refused: a search may take max_bytes x max_instructions steps.
  static constexpr std::size_t max_instructions = 1000;
  Kind kind;
  Regex regex;
  std::size_t last = 0;  // looks at so many tokens; 0: at all

  // In time linear in the text.
  double value(const AnswerText& answer) const;
};

}  // namespace kelvin::sampling
