#include "sampling/stages/text_look.h"

#include <algorithm>

#include "sampling/statistics/boltzmann.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::sampling {

namespace {

std::string_view bytes_of(std::span<const std::string> bytes, int token) {
  const auto i = static_cast<std::size_t>(token);
  return i < bytes.size() ? std::string_view(bytes[i]) : std::string_view();
}

}  // namespace

void AnswerText::read(const Step& step, std::span<const std::string> bytes) {
  std::size_t first = step.position(), total = 0;
  for (; first > step.n_prompt; --first) {
    total += bytes_of(bytes, step.tokens[first - 1]).size();
    if (total > max_bytes) break;
  }
  raw_.clear();
  raw_ends_.clear();
  raw_.reserve(max_bytes);  // once; later steps allocate nothing
  raw_ends_.reserve(max_bytes);
  for (const int token : step.tokens.subspan(first)) {
    raw_ += bytes_of(bytes, token);
    raw_ends_.push_back(raw_.size());
  }

  text_.clear();
  ends_.clear();
  text_.reserve(max_bytes);
  ends_.reserve(max_bytes);
  std::size_t at = 0;
  // The end of a character whose begin is not read.
  if (first > step.n_prompt)
    while (at < std::min<std::size_t>(3, raw_.size()) && unicode::is_continuation(raw_[at])) ++at;
  for (const std::size_t end : raw_ends_) {
    while (at < end) {
      if (static_cast<unsigned char>(raw_[at]) < 0x80) {
        text_ += raw_[at++];
        continue;
      }
      const std::string_view rest = std::string_view(raw_).substr(at);
      const unicode::Utf8Part part = unicode::utf8_part(rest);
      if (part.cut_short || at + part.length > end) break;  // a later token completes it
      if (part.valid)
        text_ += rest.substr(0, part.length);
      else
        unicode::append_lossy(text_, rest.substr(0, part.length));
      at += part.length;
    }
    ends_.push_back(text_.size());
  }
}

std::string_view AnswerText::last(std::size_t n_tokens) const {
  if (n_tokens >= ends_.size()) return text_;
  return std::string_view(text_).substr(ends_[ends_.size() - 1 - n_tokens]);
}

std::size_t AnswerText::tokens_after(std::size_t n_bytes) const {
  const auto completed = std::lower_bound(ends_.begin(), ends_.end(), n_bytes);
  return completed == ends_.end() ? 0 : static_cast<std::size_t>(ends_.end() - completed) - 1;
}

double TextLook::value(const AnswerText& answer) const {
  thread_local std::vector<RegexMatch> matches;
  matches.clear();
  matches.reserve(AnswerText::max_bytes / 4);
  regex.find_all(last > 0 ? answer.last(last) : answer.text(), matches);
  if (kind == Kind::matches) return matches.empty() ? 0 : 1;
  if (kind == Kind::count) return static_cast<double>(matches.size());
  return matches.empty() ? infinity : static_cast<double>(answer.tokens_after(matches.back().end));
}

}  // namespace kelvin::sampling
