#include "tools/chat/answer_view.h"

#include <algorithm>

#include "tools/output/blanks.h"

namespace kelvin {

void AnswerView::push(std::string_view text, std::string_view style) {
  style_ = style;
  if (thoughts_ == Thoughts::as_written) return write_(text, style);
  splitter_.push(text, [this](ThoughtSplitter::Part part, std::string_view piece) { show(part, piece); });
}

void AnswerView::finish() {
  splitter_.finish([this](ThoughtSplitter::Part part, std::string_view piece) { show(part, piece); });
}

void AnswerView::show(ThoughtSplitter::Part part, std::string_view text) {
  if (part == ThoughtSplitter::Part::answer) {
    if (apart_) write_("\n\n", "");
    apart_ = false;
    return write_(text, style_);
  }
  if (thoughts_ == Thoughts::folded) return;
  if (part == ThoughtSplitter::Part::markup) {
    apart_ |= in_thought_;
    in_thought_ = false;
    blanks_.clear();
    return;
  }
  const std::size_t last = text.find_last_not_of(blank_bytes);
  if (last == text.npos) {
    blanks_ += text;
    return;
  }
  if (apart_) write_("\n\n", "");
  apart_ = false;
  if (!in_thought_) {
    blanks_.clear();
    text.remove_prefix(text.find_first_not_of(blank_bytes));
  }
  in_thought_ = true;
  const std::size_t end = text.find_last_not_of(blank_bytes) + 1;
  write_(blanks_ + std::string(text.substr(0, end)), "2");
  blanks_ = text.substr(end);
}

}  // namespace kelvin
