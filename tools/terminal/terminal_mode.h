// How a terminal hands over keys, and what Ctrl-Z and another size of it do meanwhile.
#pragma once

#include <memory>

namespace kelvin {

// Whether a key has been pressed that nobody has read, or is within so many milliseconds.
bool input_waits(int milliseconds);

// How often the program has been stopped and gone on. What it wrote to the terminal is followed by words of the shell then.
int times_stopped();

// While it lives, stdin gives every key at once, unseen, and pastes in brackets. One at a time, within a QuietTerminal
// or without.
class RawMode {
 public:
  RawMode();
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

  // A ByteSource (terminal_keys.h) of what is typed.
  int next_byte(int milliseconds);
  // Stops the program, and what runs in a pipe with it, until the shell lets them go on; the terminal is as it was found
  // meanwhile. Does nothing where there is no shell for that.
  void suspend();

 private:
  struct ResizeWatch;
  std::unique_ptr<ResizeWatch> resize_;
};

// While it lives, keys pressed on the terminal (if stdin is one) neither show nor are lost: they wait for the
// next read(). Ctrl-C is still a SIGINT; Ctrl-Z stops the program, with the terminal as it was found meanwhile.
class QuietTerminal {
 public:
  QuietTerminal();
  ~QuietTerminal();
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

 private:
  struct Mode;
  std::unique_ptr<Mode> mode_;  // where the terminal was changed
};

}  // namespace kelvin
