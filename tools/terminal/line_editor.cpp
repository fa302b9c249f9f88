#include "tools/terminal/line_editor.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "tools/terminal/edit_buffer.h"
#include "tools/terminal/history_search.h"
#include "tools/terminal/line_screen.h"
#include "tools/terminal/terminal_keys.h"
#include "tools/terminal/terminal_mode.h"

namespace kelvin {
namespace {

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

// Ctrl-R: gives the key that ended the search.
Key search(EditBuffer& buffer, LineScreen& screen, const std::vector<std::string>& entries,
           const ByteSource& next) {
  HistorySearch history(entries, buffer);
  for (;;) {
    if (!input_waits(0)) screen.draw(history.prompt(), buffer);
    const Key key = read_key(next);
    if (!history.take(key)) return history.cancelled() ? Key() : key;
  }
}

}  // namespace

LineEditor::LineEditor(std::string prompt, bool colours, LineHistory history, Completer completer)
    : prompt_(std::move(prompt)),
      colours_(colours),
      history_(std::move(history)),
      completer_(std::move(completer)) {}

bool LineEditor::usable() { return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && terminal_moves_cursor(); }

Line LineEditor::read() {
  RawMode raw;
  LineScreen screen(colours_);
  EditBuffer buffer;
  HistoryWalk walk(history_.entries());
  const ByteSource next = [&](int milliseconds) { return raw.next_byte(milliseconds); };
  const auto leave = [&](Line line) {
    screen.print_below(prompt_, buffer, "");
    return line;
  };
  for (;;) {
    // A paste without brackets comes as many keys: drawing waits until it is through.
    if (!input_waits(0)) screen.draw(prompt_, buffer);
    Key key = read_key(next);
    if (key.kind == Key::Kind::search) key = search(buffer, screen, history_.entries(), next);
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
      case Key::Kind::suspend:
        screen.print_below(prompt_, buffer, "");
        raw.suspend();
        break;
      case Key::Kind::complete: {
        const Completions found =
            completer_ ? completer_(buffer.text().substr(0, buffer.cursor())) : Completions();
        if (found.words.empty() && !buffer.text().starts_with('/'))
          buffer.insert("\t");
        else if (const std::string words = complete(buffer, found); !words.empty())
          screen.print_below(prompt_, buffer, words);
        break;
      }
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

}  // namespace kelvin
