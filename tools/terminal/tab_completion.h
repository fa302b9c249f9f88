// Tab: the rest of a word, or the words that could be meant.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tools/terminal/edit_buffer.h"

namespace kelvin {

// What Tab can put in the place of the text from `begin` to the cursor. Each word begins with that text.
struct Completions {
  std::size_t begin = 0;
  std::vector<std::string> words;
};
using Completer = std::function<Completions(const std::string& before_cursor)>;

// Puts in what all words of `found` begin with, and a space behind the only one at the end of the line, unless it is a
// folder.
// Where that is nothing new, gives the words as text to show.
std::string complete(EditBuffer& buffer, const Completions& found);

}  // namespace kelvin
