// Tokens for people: one by itself, or a text's pieces side by side, below each its id.
#pragma once

#include <span>
#include <string>

#include "tokenizer/tokenizer.h"

namespace kelvin {

// What a token stands for, in quotes, with everything that is not printable escaped; "(no token)" for other ids.
std::string shown_token(const Tokenizer& tokenizer, int id);

struct PieceView {
  bool colours = false;  // neighbours by background, special tokens by letters
  int columns = 100;     // lines are broken there
};

// Blanks are shown as U+00B7, line ends as U+23CE, tabs as U+2192, bytes that are no text and other control
// characters as \xNN. A line ends behind a piece that ends one.
std::string show_pieces(const Tokenizer& tokenizer, std::span<const int> ids, const PieceView& view);

}  // namespace kelvin
