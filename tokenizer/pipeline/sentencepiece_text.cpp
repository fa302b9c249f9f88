#include "tokenizer/pipeline/sentencepiece_text.h"

#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

SentencePieceNormalizer::SentencePieceNormalizer(const SentencePieceText& spec)
    : spec_(spec), blank_(spec.escape_whitespaces ? "\u2581" : " ") {
  if (!spec.charsmap.empty()) map_ = CharsMap(spec.charsmap);
  for (const std::string& literal : spec.literals) literals_.add(literal, 0);
}

SentencePieceNormalizer::Part SentencePieceNormalizer::front(std::string_view text) const {
  if (!literals_.empty())
    if (const LiteralTrie::Found found = literals_.longest(text); found.value >= 0)
      return {text.substr(0, found.length), found.length};
  if (!map_.empty())
    if (const CharsMap::Found found = map_.longest(text); found.length > 0) return {found.text, found.length};
  const std::size_t length = unicode::prefix_of_chars(text.substr(0, 4), 1);
  return {text.substr(0, length), length};
}

std::string SentencePieceNormalizer::run(std::string_view text, bool at_origin, std::size_t max) const {
  if (spec_.remove_extra_whitespaces) {
    while (!text.empty()) {
      const Part part = front(text);
      if (part.text != " ") break;
      text.remove_prefix(part.length);
    }
  }
  if (text.empty()) return {};
  const bool marked = spec_.add_dummy_prefix && (at_origin || !spec_.prefix_once);
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  if (marked && !spec_.blank_as_suffix) out += blank_;
  bool after_blank = spec_.remove_extra_whitespaces;
  while (!text.empty() && out.size() <= max) {
    auto [part, length] = front(text);
    text.remove_prefix(length);
    while (after_blank && part.starts_with(' ')) part.remove_prefix(1);
    if (part.empty()) continue;
    for (const char byte : part) {
      if (byte == ' ')
        out += blank_;
      else
        out += byte;
    }
    after_blank = spec_.remove_extra_whitespaces && part.ends_with(' ');
  }
  if (spec_.remove_extra_whitespaces)
    while (out.ends_with(blank_)) out.resize(out.size() - blank_.size());
  if (marked && spec_.blank_as_suffix) out += blank_;
  return out;
}

}  // namespace kelvin::tokenizer
