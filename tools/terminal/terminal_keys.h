// Bytes from a terminal, read as keys.
#pragma once

#include <functional>
#include <string>

namespace kelvin {

struct Key {
  enum class Kind {
    text,  // typed or pasted characters, valid UTF-8; a paste may hold newlines
    enter,
    left,
    right,
    up,
    down,
    word_left,
    word_right,
    home,
    end,
    backspace,
    erase,
    kill_word,
    kill_to_start,
    kill_to_end,
    yank,
    clear_screen,
    complete,      // Tab
    search,        // Ctrl-R
    cancel,        // Ctrl-G, or Escape alone
    suspend,       // Ctrl-Z
    redraw,        // no key: the terminal has another size
    interrupt,     // Ctrl-C
    end_of_input,  // Ctrl-D
    ignored,
    closed,  // the terminal is gone
  };
  Kind kind = Kind::ignored;
  std::string text;
};

constexpr int byte_closed = -1, byte_timeout = -2, byte_resized = -3;

// The next byte (0..255), byte_closed, or byte_timeout if none came within `milliseconds`. Where they are negative it waits
// for ever, but for byte_resized.
using ByteSource = std::function<int(int milliseconds)>;

Key read_key(const ByteSource& next);

}  // namespace kelvin
