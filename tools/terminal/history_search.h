// Ctrl-R: the newest line of the history that holds what is typed, and older ones.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/terminal/edit_buffer.h"
#include "tools/terminal/terminal_keys.h"

namespace kelvin {

class HistorySearch {
 public:
  // `entries`, oldest first, must live as long; `buffer` shows the line found.
  HistorySearch(const std::vector<std::string>& entries, EditBuffer& buffer);

  // What the line found stands behind: what is looked for, and whether there is nothing.
  std::string prompt() const;

  // False for a key that ends the search and is to be obeyed as always, with the line found in the buffer. Ctrl-G,
  // Escape and Ctrl-C end it, too: cancelled() then, and the buffer is as it was.
  bool take(const Key& key);
  bool cancelled() const { return cancelled_; }

 private:
  void find(std::size_t end);

  const std::vector<std::string>& entries_;
  EditBuffer& buffer_;
  const std::string before_;
  std::string wanted_;
  std::size_t at_;  // of the line found
  bool missing_ = false, cancelled_ = false;
};

}  // namespace kelvin
