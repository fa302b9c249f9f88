// The line being edited as it stands on the terminal (stderr).
#pragma once

#include <string>

#include "tools/terminal/edit_buffer.h"
#include "tools/terminal/screen_layout.h"
#include "tools/terminal/terminal_size.h"

namespace kelvin {

class LineScreen {
 public:
  explicit LineScreen(bool colours) : colours_(colours) {}

  // In the place of what was drawn before, also where the terminal has got another size since.
  void draw(const std::string& prompt, const EditBuffer& buffer);
  // Leaves what is drawn where it is, its end below; the next draw() comes below `text`, whose words are wrapped. `text` is
  // empty or ends with a newline.
  void print_below(const std::string& prompt, const EditBuffer& buffer, const std::string& text);
  void clear();

 private:
  int row_of_cursor(int columns) const;

  bool colours_;
  ScreenLayout layout_;  // as it was drawn
  TerminalSize drawn_{0, 0};
};

}  // namespace kelvin
