// Cuts a template into text and the tokens within {{ }} and {% %}, with jinja2's whitespace control: trim_blocks (the
// newline behind a block or comment goes), lstrip_blocks (so do blanks in front of one that begins its line), the signs -
// and +, and one newline at the very end goes too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/jinja/value.h"

namespace kelvin::jinja {

struct Token {
  enum class Kind : std::uint8_t {
    text,
    output_begin,
    output_end,
    block_begin,
    block_end,
    name,
    string,
    integer,
    real,
    symbol,  // `text` is the operator or bracket
    end,
  };
  Kind kind;
  int line;
  std::string text;
  Value value = {};  // of numbers
};

// Ends with one `end` token. Throws TemplateError, which begins with `name`.
std::vector<Token> tokenize(std::string_view source, const std::string& name);

}  // namespace kelvin::jinja
