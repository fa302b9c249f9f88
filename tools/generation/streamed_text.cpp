#include "tools/generation/streamed_text.h"

#include <algorithm>

namespace kelvin {

StreamedText::StreamedText(const Tokenizer& tokenizer, StreamedTextOptions options)
    : tokenizer_(tokenizer), options_(std::move(options)), decoder_(begin()) {
  for (const std::string& stop : options_.stops) longest_stop_ = std::max(longest_stop_, stop.size());
}

void StreamedText::push(int id) {
  const std::size_t before = text_.size();
  text_ += decoder_.push(id);
  bytes_ += tokenizer_.bytes(id).size();
  ends_.push_back({bytes_, text_.size()});
  look_for_stops(before);
  if (stopped_) return;
  // A banned text that the next token completes began in the last bytes: tokens that end before them stay.
  const std::size_t revocable = std::max<std::size_t>(options_.banned, 1) - 1;
  std::size_t final_text = shown_;
  for (auto end = ends_.rbegin(); end != ends_.rend(); ++end)
    if (end->bytes + revocable <= bytes_) {
      final_text = std::max(final_text, end->text);
      break;
    }
  const std::size_t open = longest_stop_ > 0 ? std::min(text_.size(), longest_stop_ - 1) : 0;
  final_text = std::min(final_text, text_.size() - open);
  // Only whole characters.
  while (final_text < text_.size() && (static_cast<unsigned char>(text_[final_text]) & 0xC0u) == 0x80u)
    --final_text;
  show(final_text);
}

void StreamedText::rewrite(std::span<const int> ids) {
  decoder_ = begin();
  text_.clear();
  ends_.clear();
  bytes_ = 0;
  for (const int id : ids) push(id);
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
  if (options_.on_text) options_.on_text(std::string_view(text_).substr(shown_, end - shown_));
  shown_ = end;
}

}  // namespace kelvin
