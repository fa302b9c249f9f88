// Text that consists of listed words, and which tokens may go on with it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/stage.h"

namespace kelvin::sampling {

// Words with one blank, one line break or two between them, and at most one of . , ; : ! ? before that.
class WordText {
 public:
  // list: a word a line; it may also be written with its first letter in upper case. Empty lines and those that
  // begin with '#' are passed over, and words with a character that no tokens spell. Throws UserError, beginning with
  // `where`, for a line that is no word, and if no word is left.
  WordText(std::string_view list, const Vocabulary& vocabulary, const std::string& where);

  // Appends the ids that may follow `tokens`, each once. A word that was begun goes on to a word of the list; every
  // such beginning can be completed. What stands in `tokens` and is no word of the list (of the prompt) counts as a
  // whole word, a special token as the beginning of a text. Returns whether the text may end here: not in the middle
  // of a word, nor behind a blank.
  bool allowed_after(std::span<const int> tokens, std::vector<int>& ids) const;

 private:
  enum Kind { beginning, word, foreign, punctuated, newline, blank, n_kinds };
  struct State {
    Kind kind = beginning;
    // Of a word: words_[low, high) begin with the same `depth` bytes, which were written.
    std::size_t low = 0, high = 0, depth = 0;
  };
  std::optional<State> after(State state, char byte) const;
  std::optional<State> in_word(State state, char byte) const;
  bool is_whole(State state) const;
  State state_of(std::span<const int> tokens) const;
  template <class Iterator>
  void walk(State state, Iterator low, Iterator high, std::size_t depth, std::vector<int>& ids) const;

  std::vector<std::string> words_;                // ascending, each once
  std::vector<std::string> bytes_;                // by id; empty: special
  std::vector<int> sorted_;                       // ids, ascending by their bytes
  std::array<std::vector<int>, n_kinds> follow_;  // what may follow, of all kinds but `word`
};

}  // namespace kelvin::sampling
