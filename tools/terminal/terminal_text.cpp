#include "tools/terminal/terminal_text.h"

#include <unistd.h>

#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/properties.h"
#include "tools/terminal/terminal_mode.h"
#include "tools/terminal/terminal_size.h"

namespace kelvin {
std::string without_controls(std::string_view text) {
  std::string shown;
  unicode::append_escaped(shown, text, [](char32_t code, std::string_view part) {
    const bool hidden =
        code == unicode::ill_formed || (unicode::is_control(code) && code != '\n' && code != '\t');
    return hidden ? unicode::escaped_bytes(part) : std::string();
  });
  return shown;
}

TerminalText::TerminalText(std::ostream& out, int descriptor)
    : out_(out),
      descriptor_(descriptor),
      is_terminal_(isatty(descriptor) == 1),
      moves_cursor_(is_terminal_ && terminal_moves_cursor()),
      wrap_(0),
      stops_(times_stopped()) {}

void TerminalText::write(std::string_view text) {
  if (text.empty()) return;
  at_line_start_ = text.ends_with('\n');
  if (!is_terminal_) {
    out_ << text << std::flush;
    return;
  }
  // The shell has left the cursor at the begin of a row.
  if (const int stops = times_stopped(); stops != stops_) {
    wrap_ = WordWrap(0);
    stops_ = stops;
  }
  if (moves_cursor_) wrap_.resize(terminal_size(descriptor_).columns);
  out_ << wrap_.push(without_controls(text)) << std::flush;
}

void TerminalText::write(std::string_view text, std::string_view style) {
  if (!is_terminal_ || style.empty()) return write(text);
  out_ << wrap_.push_style("\x1b[" + std::string(style) + "m");
  write(text);
  out_ << wrap_.push_style("\x1b[0m") << std::flush;
}

}  // namespace kelvin
