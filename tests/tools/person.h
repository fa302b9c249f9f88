// A person at a terminal: types, and waits for what is to be seen.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/terminal_screen.h"

namespace kelvin::test {

class Person {
 public:
  struct Place {
    std::filesystem::path state;  // $XDG_STATE_HOME and $HOME
    int columns = 80;
    std::string term = "xterm";
  };
  // Starts the program `words[0]`; with columns, 24 rows.
  Person(std::vector<std::string> words, const Place& place);
  // kelvin-chat with one thread.
  Person(const std::vector<std::string>& options, const std::filesystem::path& state);
  ~Person();
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  void types(const std::string& keys);
  void makes_columns(int columns);
  // The same while the program stands still, and all it has written is on the screen.
  void makes_columns_at_once(int columns);

  // Waits until the program writes `text` after what was seen before.
  bool sees(const std::string& text);
  // Waits until the last rows of the screen are these, and the cursor is in that column (-1: in any).
  bool shows(const std::vector<std::string>& rows, int cursor_column = -1);
  const std::string& written() const { return written_; }
  const TerminalScreen& screen() const { return screen_; }

  int finish();  // its exit status, when it has closed the terminal

 private:
  bool read_some(int milliseconds);

  TerminalScreen screen_;
  int terminal_ = -1, status_ = -1;
  pid_t child_ = 0;
  std::string written_;
  std::size_t seen_ = 0;
};

}  // namespace kelvin::test
