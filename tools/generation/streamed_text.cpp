#include "tools/generation/streamed_text.h"

#include <algorithm>

#include "tokenizer/unicode/utf8.h"

namespace kelvin {

StreamedText::StreamedText(const Tokenizer& tokenizer, StreamedTextOptions options)
    : tokenizer_(tokenizer), options_(std::move(options)), decoder_(begin()) {
  for (const std::string& stop : options_.stops) longest_stop_ = std::max(longest_stop_, stop.size());
}

void StreamedText::append(int id) {
  const std::size_t before = text_.size();
  text_ += decoder_.push(id);
  ends_.push_back(text_.size());
  look_for_stops(before);
}

void StreamedText::push(int id, std::size_t unsettled, double log_probability) {
  log_probabilities_.push_back(log_probability);
  append(id);
  if (stopped_) return;
  const std::size_t settled = ends_.size() - std::min(unsettled, ends_.size());
  const std::size_t open = longest_stop_ > 0 ? std::min(text_.size(), longest_stop_ - 1) : 0;
  std::size_t end = std::min(settled > 0 ? ends_[settled - 1] : 0, text_.size() - open);
  // Only whole characters.
  while (end < text_.size() && unicode::is_continuation(text_[end])) --end;
  show(end);
}

void StreamedText::rewrite(std::span<const int> ids) {
  decoder_ = begin();
  text_.clear();
  ends_.clear();
  log_probabilities_.resize(ids.size());
  for (const int id : ids) append(id);
}

std::string StreamedText::finish() {
  if (!stopped_) text_ += decoder_.finish();
  show(text_.size());
  return std::move(text_);
}

StreamDecoder StreamedText::begin() const {
  StreamDecoder decoder(tokenizer_, false);
  for (const int id : options_.before) decoder.push(id);
  return decoder;
}

void StreamedText::look_for_stops(std::size_t from) {
  if (longest_stop_ == 0) return;
  from -= std::min(from, longest_stop_ - 1);
  std::size_t first = std::string::npos;
  for (const std::string& stop : options_.stops) first = std::min(first, text_.find(stop, from));
  if (first == std::string::npos) return;
  text_.resize(first);
  stopped_ = true;
}

void StreamedText::show(std::size_t end) {
  if (end <= shown_) return;
  const std::string_view all = text_;
  if (options_.on_text) options_.on_text(all.substr(shown_, end - shown_));
  if (options_.on_token_text)
    for (std::size_t at = shown_; at < end;) {
      const auto token = std::upper_bound(ends_.begin(), ends_.end(), at);
      const std::size_t next = token == ends_.end() ? end : std::min(end, *token);
      const std::size_t index = static_cast<std::size_t>(token - ends_.begin());
      options_.on_token_text(all.substr(at, next - at),
                             log_probabilities_[std::min(index, log_probabilities_.size() - 1)]);
      at = next;
    }
  shown_ = end;
}

}  // namespace kelvin
