#include "tools/terminal/line_editor.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include "tools/terminal/edit_buffer.h"
#include "tools/terminal/screen_layout.h"
#include "tools/terminal/terminal_keys.h"
#include "tools/terminal/terminal_size.h"

namespace kelvin {
namespace {

// How the terminal was before us: set back at the end, however the program ends by itself.
std::optional<termios> found;

void restore_terminal() {
  if (found) tcsetattr(STDIN_FILENO, TCSADRAIN, &*found);
}

bool change_terminal(bool signals) {
  if (!found) {
    termios now{};
    if (tcgetattr(STDIN_FILENO, &now) != 0) return false;
    found = now;
    std::atexit(restore_terminal);
  }
  termios mode = *found;
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN);
  if (!signals) {
    mode.c_lflag &= ~static_cast<tcflag_t>(ISIG);
    mode.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  }
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  return tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
}

bool input_waits(int milliseconds) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  return poll(&waiting, 1, milliseconds) > 0;
}

int next_byte(int milliseconds) {
  for (;;) {
    if (milliseconds >= 0 && !input_waits(milliseconds)) return byte_timeout;
    unsigned char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got == 1) return byte;
    if (got == 0 || errno != EINTR) return byte_closed;
  }
}

// Raw keys and bracketed paste while a line is edited.
class RawMode {
 public:
  RawMode() {
    change_terminal(false);
    std::cerr << "\x1b[?2004h" << std::flush;
  }
  ~RawMode() {
    std::cerr << "\x1b[?2004l" << std::flush;
    restore_terminal();
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
};

class Screen {
 public:
  Screen(const std::string& prompt, bool colours) : prompt_(prompt), colours_(colours) {}

  void draw(const EditBuffer& buffer) {
    TerminalSize size = terminal_size(STDERR_FILENO);
    if (size.columns == 0 || size.rows == 0) size = {80, 24};
    const ScreenLayout layout =
        window(lay_out(prompt_, buffer.text(), buffer.cursor(), size.columns), size.rows);
    std::string out = to_first_row() + "\x1b[J";
    for (std::size_t row = 0; row < layout.rows.size(); ++row) {
      const std::string& text = layout.rows[row];
      if (row > 0) out += "\r\n";
      if (row == 0 && colours_ && text.starts_with(prompt_))
        out += "\x1b[1;36m" + prompt_ + "\x1b[0m" + text.substr(prompt_.size());
      else
        out += text;
    }
    row_ = layout.cursor_row;
    const int below = static_cast<int>(layout.rows.size()) - 1 - row_;
    if (below > 0) out += "\x1b[" + std::to_string(below) + "A";
    out += '\r';
    if (layout.cursor_column > 0) out += "\x1b[" + std::to_string(layout.cursor_column) + "C";
    std::cerr << out << std::flush;
  }

  void clear() {
    std::cerr << "\x1b[H\x1b[2J";
    row_ = 0;
  }

 private:
  std::string to_first_row() const { return row_ > 0 ? "\r\x1b[" + std::to_string(row_) + "A" : "\r"; }

  std::string prompt_;
  bool colours_;
  int row_ = 0;  // of the cursor, from the first row drawn
};

// Walks through the history; what was being typed is its newest entry.
class HistoryWalk {
 public:
  explicit HistoryWalk(const std::vector<std::string>& entries) : entries_(entries), at_(entries.size()) {}

  void older(EditBuffer& buffer) {
    if (at_ == 0) return;
    if (at_ == entries_.size()) draft_ = buffer.text();
    buffer.set(entries_[--at_]);
  }
  void newer(EditBuffer& buffer) {
    if (at_ == entries_.size()) return;
    ++at_;
    buffer.set(at_ == entries_.size() ? draft_ : entries_[at_]);
  }

 private:
  const std::vector<std::string>& entries_;
  std::size_t at_;
  std::string draft_;
};

void edit(EditBuffer& buffer, HistoryWalk& history, const Key& key) {
  static const std::map<Key::Kind, void (EditBuffer::*)()> actions = {
      {Key::Kind::left, &EditBuffer::left},
      {Key::Kind::right, &EditBuffer::right},
      {Key::Kind::word_left, &EditBuffer::word_left},
      {Key::Kind::word_right, &EditBuffer::word_right},
      {Key::Kind::home, &EditBuffer::line_start},
      {Key::Kind::end, &EditBuffer::line_end},
      {Key::Kind::backspace, &EditBuffer::erase_left},
      {Key::Kind::erase, &EditBuffer::erase_right},
      {Key::Kind::end_of_input, &EditBuffer::erase_right},
      {Key::Kind::kill_word, &EditBuffer::kill_word_left},
      {Key::Kind::kill_to_start, &EditBuffer::kill_to_line_start},
      {Key::Kind::kill_to_end, &EditBuffer::kill_to_line_end},
      {Key::Kind::yank, &EditBuffer::yank}};
  if (const auto action = actions.find(key.kind); action != actions.end())
    (buffer.*action->second)();
  else if (key.kind == Key::Kind::text)
    buffer.insert(key.text);
  else if (key.kind == Key::Kind::up && !buffer.up())
    history.older(buffer);
  else if (key.kind == Key::Kind::down && !buffer.down())
    history.newer(buffer);
}

}  // namespace

LineEditor::LineEditor(std::string prompt, bool colours, LineHistory history)
    : prompt_(std::move(prompt)), colours_(colours), history_(std::move(history)) {}

bool LineEditor::usable() { return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && terminal_moves_cursor(); }

Line LineEditor::read() {
  const RawMode raw;
  Screen screen(prompt_, colours_);
  EditBuffer buffer;
  HistoryWalk walk(history_.entries());
  const auto leave = [&](Line line) {
    buffer.set(buffer.text());
    screen.draw(buffer);
    std::cerr << "\r\n" << std::flush;
    return line;
  };
  for (;;) {
    // A paste without brackets comes as many keys: drawing waits until it is through.
    if (!input_waits(0)) screen.draw(buffer);
    const Key key = read_key(next_byte);
    switch (key.kind) {
      case Key::Kind::closed:
        return leave({Line::Kind::closed, {}});
      case Key::Kind::enter:
        if (wants_another_line(buffer.text())) {
          if (!buffer.text().starts_with("\"\"\"")) {
            buffer.set(buffer.text());
            buffer.erase_left();  // the backslash
          }
          buffer.insert("\n");
          break;
        }
        history_.add(buffer.text());
        return leave({Line::Kind::text, without_quotes(buffer.text())});
      case Key::Kind::interrupt:
        if (buffer.text().empty()) return leave({Line::Kind::interrupted, {}});
        buffer.set("");
        break;
      case Key::Kind::end_of_input:
        if (buffer.text().empty()) return leave({Line::Kind::closed, {}});
        edit(buffer, walk, key);
        break;
      case Key::Kind::clear_screen:
        screen.clear();
        break;
      default:
        edit(buffer, walk, key);
    }
  }
}

Line PlainLines::read() {
  for (;;) {
    const std::size_t newline = pending_.find('\n', begin_);
    if (newline != pending_.npos || (closed_ && begin_ < pending_.size())) {
      const std::size_t end = std::min(newline, pending_.size());
      std::string text = pending_.substr(begin_, end - begin_);
      begin_ = std::min(end + 1, pending_.size());
      if (text.ends_with('\r')) text.pop_back();
      return {Line::Kind::text, std::move(text)};
    }
    if (closed_) return {Line::Kind::closed, {}};
    pending_.erase(0, begin_);
    begin_ = 0;
    char bytes[65536];
    const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got > 0)
      pending_.append(bytes, static_cast<std::size_t>(got));
    else if (got < 0 && errno == EINTR)
      return {Line::Kind::interrupted, {}};
    else
      closed_ = true;
  }
}

QuietTerminal::QuietTerminal() : changed_(isatty(STDIN_FILENO) && change_terminal(true)) {}
QuietTerminal::~QuietTerminal() {
  if (changed_) restore_terminal();
}

}  // namespace kelvin
