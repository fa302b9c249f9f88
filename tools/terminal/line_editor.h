// Reads what a person types: with an editor on a terminal, plain lines otherwise.
#pragma once

#include <cstddef>
#include <string>

#include "tools/terminal/line_history.h"
#include "tools/terminal/tab_completion.h"

namespace kelvin {

struct Line {
  enum class Kind {
    text,
    interrupted,  // Ctrl-C at an empty prompt, or SIGINT while waiting
    closed,       // Ctrl-D at an empty prompt, or the end of the input
  } kind;
  std::string text;
};

// Arrows, Home/End, Ctrl-A/E/B/F/P/N/K/U/W/Y/L, Ctrl- and Alt-arrows, history and Ctrl-R to search it, Tab, bracketed
// paste, several lines (Alt-Enter, a backslash at the end of a line, or a block in """). Ctrl-C clears what was typed,
// Ctrl-Z stops the program until the shell lets it go on. Another size of the terminal draws the line anew.
class LineEditor {
 public:
  LineEditor(std::string prompt, bool colours, LineHistory history, Completer completer = {});
  // True where the editor can be used: stdin and stderr are a terminal that understands cursor movement.
  static bool usable();

  Line read();

 private:
  std::string prompt_;
  bool colours_;
  LineHistory history_;
  Completer completer_;
};

// stdin line by line: the text without its line end.
class PlainLines {
 public:
  Line read();

 private:
  std::string pending_;
  std::size_t begin_ = 0;  // of the unread part of pending_
  bool closed_ = false;
};

}  // namespace kelvin
