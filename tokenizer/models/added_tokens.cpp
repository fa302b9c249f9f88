#include "tokenizer/models/added_tokens.h"

#include <algorithm>
#include <utility>

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

std::size_t pair_of(char first, char second) {
  return static_cast<std::size_t>(static_cast<unsigned char>(first)) << 8 |
         static_cast<unsigned char>(second);
}

std::size_t whitespace_front(std::string_view text) {
  const char* at = text.data();
  for (const char* end = at + text.size(); at < end;) {
    const char* after = at;
    if (!unicode::is_whitespace(unicode::next_char(after))) break;
    at = after;
  }
  return static_cast<std::size_t>(at - text.data());
}

// Where the whitespace begins that ends at `end`, not before `floor`.
std::size_t whitespace_back(std::string_view text, std::size_t floor, std::size_t end) {
  while (end > floor) {
    std::size_t begin = end - 1;
    while (begin > 0 && unicode::is_continuation(text[begin])) --begin;
    const char* at = text.data() + begin;
    if (!unicode::is_whitespace(unicode::next_char(at))) break;
    end = begin;
  }
  return std::max(end, floor);
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && unicode::is_word(unicode::last_char(text.substr(0, begin)))) return false;
  const char* at = text.data() + end;
  return end == text.size() || !unicode::is_word(unicode::next_char(at));
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string>& spellings)
    : tokens_(std::move(tokens)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const std::string& spelling = spellings[i];
    if (spelling.empty()) continue;
    if (spelling.size() > length_limit)
      throw TokenizerError("added token longer than " + std::to_string(length_limit) + " bytes");
    trie_.add(spelling, static_cast<int>(i));
    for (int second = 0; second < 256; ++second)
      if (spelling.size() == 1 || spelling[1] == static_cast<char>(second))
        pairs_.set(pair_of(spelling[0], static_cast<char>(second)));
  }
}

std::vector<Segment> AddedTokenFinder::split(std::string_view text) const {
  std::vector<Segment> segments;
  std::size_t done = 0;
  for (std::size_t at = 0; !tokens_.empty() && at < text.size();) {
    // The last byte has no pair: whatever may follow will do.
    if (!pairs_[pair_of(text[at], at + 1 < text.size() ? text[at + 1] : '\0')] && at + 1 < text.size()) {
      ++at;
      continue;
    }
    const LiteralTrie::Found found = trie_.longest(text.substr(at));
    if (found.value < 0) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + found.length;
    at = end;
    const AddedToken& token = tokens_[static_cast<std::size_t>(found.value)];
    if (token.single_word && !stands_alone(text, begin, end)) continue;
    if (token.lstrip) begin = std::max(whitespace_back(text, std::min(done, begin), begin), done);
    if (token.rstrip) end += whitespace_front(text.substr(end));
    if (done < begin) segments.push_back({done, begin, -1});
    // A token found in what rstrip took counts too, unless lstrip leaves nothing of it, and the text goes on
    // behind it: so the reference has it.
    if (begin < end) segments.push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size()) segments.push_back({done, text.size(), -1});
  return segments;
}

}  // namespace kelvin::tokenizer
