#include "sampling/stages/word_text.h"

#include <algorithm>
#include <set>

#include "tokenizer/base/user_error.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::sampling {

namespace {

constexpr std::string_view punctuation = ".,;:!?";
constexpr std::size_t longest_word = 256;  // bytes
// A word and what stands around it are not written in more tokens than this.
constexpr std::size_t tokens_looked_at = longest_word + 8;

bool is_punctuation(char byte) { return punctuation.find(byte) != punctuation.npos; }
bool separates(char byte) { return byte == ' ' || byte == '\n' || is_punctuation(byte); }

bool is_word(std::string_view text) {
  if (text.size() > longest_word || !unicode::is_utf8(text)) return false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code = unicode::next_char(text, at);
    if (code < 0x20 || code == 0x7f || unicode::is_whitespace(code)) return false;
  }
  return text.find_first_of(punctuation) == text.npos;
}

std::string with_title_case(std::string_view word) {
  std::string text;
  std::size_t at = 0;
  unicode::append_title(text, unicode::next_char(word, at));
  return text += word.substr(at);
}

// Words that can be written character by character, so that no beginning of one is a dead end.
class Spelling {
 public:
  explicit Spelling(std::span<const std::string> tokens) {
    for (const std::string& token : tokens)
      if (token.size() <= 4) short_.insert(token);
  }
  bool spells(std::string_view word) const {
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t begin = at;
      unicode::next_char(word, at);
      if (short_.count(word.substr(begin, at - begin)) > 0) continue;
      for (std::size_t i = begin; i < at; ++i)
        if (short_.count(word.substr(i, 1)) == 0) return false;
    }
    return true;
  }

 private:
  std::set<std::string, std::less<>> short_;
};

}  // namespace

WordText::WordText(std::string_view list, const Vocabulary& vocabulary, const std::string& where)
    : bytes_(vocabulary.bytes.begin(), vocabulary.bytes.end()) {
  for (const int id : vocabulary.special)
    if (static_cast<std::size_t>(id) < bytes_.size()) bytes_[static_cast<std::size_t>(id)].clear();
  const Spelling spelling(bytes_);
  for (std::size_t line = 1; !list.empty(); ++line) {
    std::string_view text = list.substr(0, list.find('\n'));
    list.remove_prefix(std::min(text.size() + 1, list.size()));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty() || text[0] == '#') continue;
    if (!is_word(text))
      throw UserError(
          where + ", line " + std::to_string(line) +
          ": one word expected, without blanks and . , ; : ! ? and of at most 256 bytes of UTF-8");
    for (std::string form : {std::string(text), with_title_case(text)})
      if (spelling.spells(form)) words_.push_back(std::move(form));
  }
  if (words_.empty()) throw UserError(where + ": no word that the tokens can spell");
  std::sort(words_.begin(), words_.end());
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
  for (std::size_t id = 0; id < bytes_.size(); ++id)
    if (!bytes_[id].empty()) sorted_.push_back(static_cast<int>(id));
  const auto bytes = [&](int id) -> const std::string& { return bytes_[static_cast<std::size_t>(id)]; };
  std::sort(sorted_.begin(), sorted_.end(), [&](int a, int b) { return bytes(a) < bytes(b); });
  for (const Kind kind : {beginning, foreign, punctuated, newline, blank})
    walk({kind}, sorted_.begin(), sorted_.end(), 0, follow_[kind]);
}

std::optional<WordText::State> WordText::in_word(State state, char byte) const {
  const auto next = static_cast<unsigned char>(byte);
  const auto byte_of = [&](const std::string& text) {
    return state.depth < text.size() ? static_cast<unsigned char>(text[state.depth]) : -1;
  };
  const auto begin = words_.begin() + static_cast<std::ptrdiff_t>(state.low);
  const auto end = words_.begin() + static_cast<std::ptrdiff_t>(state.high);
  const auto low = std::partition_point(begin, end, [&](const auto& text) { return byte_of(text) < next; });
  const auto high = std::partition_point(low, end, [&](const auto& text) { return byte_of(text) <= next; });
  if (low == high) return std::nullopt;
  return State{word, static_cast<std::size_t>(low - words_.begin()),
               static_cast<std::size_t>(high - words_.begin()), state.depth + 1};
}

bool WordText::is_whole(State state) const {
  return state.kind == foreign || (state.kind == word && words_[state.low].size() == state.depth);
}

std::optional<WordText::State> WordText::after(State state, char byte) const {
  if (is_whole(state) || state.kind == punctuated) {
    if (byte == ' ') return State{blank};
    if (byte == '\n') return State{newline};
    if (is_punctuation(byte) && state.kind != punctuated) return State{punctuated};
  }
  if (state.kind == word) return in_word(state, byte);
  if (state.kind == beginning && byte == ' ') return State{blank};
  if (state.kind == newline && byte == '\n') return State{blank};
  if (state.kind == foreign || state.kind == punctuated) return std::nullopt;
  return in_word({word, 0, words_.size(), 0}, byte);
}

// Text that does not follow the rules, of a prompt, is read as well as it can be.
WordText::State WordText::state_of(std::span<const int> tokens) const {
  State state;
  for (const int id : tokens.last(std::min(tokens.size(), tokens_looked_at))) {
    const auto i = static_cast<std::size_t>(id);
    if (i >= bytes_.size() || bytes_[i].empty())
      state = {};
    else
      for (const char byte : bytes_[i]) {
        const State other{byte == ' '            ? blank
                          : byte == '\n'         ? newline
                          : is_punctuation(byte) ? punctuated
                                                 : foreign};
        state = after(state, byte).value_or(other);
      }
  }
  return state;
}

// Tokens in [low, high) begin with the same `depth` bytes, which led to `state`.
template <class Iterator>
void WordText::walk(State state, Iterator low, Iterator high, std::size_t depth,
                    std::vector<int>& ids) const {
  const auto bytes = [&](int id) -> const std::string& { return bytes_[static_cast<std::size_t>(id)]; };
  for (; low != high && bytes(*low).size() == depth; ++low)
    if (depth > 0) ids.push_back(*low);
  while (low != high) {
    const char byte = bytes(*low)[depth];
    const auto next = std::partition_point(low, high, [&](int id) {
      return static_cast<unsigned char>(bytes(id)[depth]) <= static_cast<unsigned char>(byte);
    });
    // What follows a whole word is known.
    const bool known = depth == 0 && state.kind == word && separates(byte);
    if (const auto then = known ? std::nullopt : after(state, byte)) walk(*then, low, next, depth + 1, ids);
    low = next;
  }
}

bool WordText::allowed_after(std::span<const int> tokens, std::vector<int>& ids) const {
  const State state = state_of(tokens);
  if (state.kind == word) walk(state, sorted_.begin(), sorted_.end(), 0, ids);
  const bool whole = is_whole(state);
  if (whole || state.kind != word) {
    const auto& follow = follow_[whole ? foreign : state.kind];
    ids.insert(ids.end(), follow.begin(), follow.end());
  }
  return whole || (state.kind != word && state.kind != blank);
}

}  // namespace kelvin::sampling
