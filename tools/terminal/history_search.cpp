#include "tools/terminal/history_search.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {

HistorySearch::HistorySearch(const std::vector<std::string>& entries, EditBuffer& buffer)
    : entries_(entries), buffer_(buffer), before_(buffer.text()), at_(entries.size()) {}

std::string HistorySearch::prompt() const {
  return (missing_ ? "not found \"" : "history \"") + wanted_ + "\": ";
}

// In the entries before `end`. What is found already stays where there is no other: the same text would look as if
// nothing had happened.
void HistorySearch::find(std::size_t end) {
  const bool again = at_ < entries_.size() && end <= at_;
  for (std::size_t i = end; i-- > 0;) {
    if (entries_[i].find(wanted_) == std::string::npos || (again && entries_[i] == entries_[at_])) continue;
    at_ = i;
    buffer_.set(entries_[i]);
    missing_ = false;
    return;
  }
  missing_ = true;
}

bool HistorySearch::take(const Key& key) {
  switch (key.kind) {
    case Key::Kind::text:
      wanted_ += key.text;
      // It has to stay on one row.
      for (char& c : wanted_)
        if (c == '\n' || c == '\t') c = ' ';
      find(std::min(at_ + 1, entries_.size()));
      return true;
    case Key::Kind::backspace:
      wanted_.resize(previous_character(wanted_, wanted_.size()));
      at_ = entries_.size();
      missing_ = false;
      if (wanted_.empty())
        buffer_.set(before_);
      else
        find(at_);
      return true;
    case Key::Kind::search:
      find(at_);
      return true;
    case Key::Kind::redraw:
    case Key::Kind::ignored:
      return true;
    case Key::Kind::cancel:
    case Key::Kind::interrupt:
      buffer_.set(before_);
      cancelled_ = true;
      return false;
    default:
      return false;
  }
}

}  // namespace kelvin
