// wordwrap, as Python's textwrap breaks lines, and striptags.
#include <algorithm>

#include "tokenizer/jinja/characters.h"
#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

using Characters = std::u32string;

Characters characters_of(std::string_view text) {
  afford(text.size(), sizeof(char32_t));
  Characters characters;
  for (std::size_t at = 0; at < text.size();) characters += unicode::next_char(text, at);
  return characters;
}

std::string utf8_of(const Characters& characters) {
  std::string text;
  for (const char32_t c : characters) unicode::append_char(text, c);
  return text;
}

// The blanks at which textwrap cuts: those of ASCII.
bool cuts(char32_t c) { return c == ' ' || (c >= 9 && c <= 13); }
bool belongs_to_word(char32_t c) { return c == '_' || unicode::is_letter(c) || is_numeric(c); }
bool is_letter_of_word(char32_t c) { return belongs_to_word(c) && !is_decimal(c); }
bool may_precede_dash(char32_t c) {
  return belongs_to_word(c) ||
         (c < 0x80 && std::string_view("!\"'&.,?").find(static_cast<char>(c)) != std::string_view::npos);
}
bool all_blank(const Characters& text) { return std::all_of(text.begin(), text.end(), is_space); }

// Cuts a line into words, blanks, dashes, and the parts of hyphenated words.
class Chunks {
 public:
  Chunks(const Characters& line, bool at_hyphens) : line_(line), at_hyphens_(at_hyphens) {}

  std::vector<Characters> run() {
    std::vector<Characters> chunks;
    for (std::size_t at = 0; at < line_.size();) {
      const std::size_t end = chunk_end(at);
      chunks.push_back(line_.substr(at, end - at));
      at = end;
    }
    return chunks;
  }

 private:
  char32_t at(std::size_t i) const { return i < line_.size() ? line_[i] : U' '; }
  bool letter(std::size_t i) const { return i < line_.size() && is_letter_of_word(line_[i]); }

  // Behind two or more dashes at `i` that a word follows; `i` if there are none.
  std::size_t dashes_end(std::size_t i) const {
    std::size_t end = i;
    while (at(end) == '-') ++end;
    return end >= i + 2 && end < line_.size() && belongs_to_word(line_[end]) ? end : i;
  }

  // A hyphen at `i` within a word: two letters before it, or a letter, a hyphen and a letter; a word behind it.
  bool hyphen(std::size_t i) const {
    const bool before =
        i >= 2 && letter(i - 1) && (letter(i - 2) || (i >= 3 && line_[i - 2] == '-' && letter(i - 3)));
    const std::size_t second = i + (at(i + 2) == '-' ? 3 : 2);
    return at(i) == '-' && before && letter(i + 1) && (letter(second) || letter(i + 2));
  }

  std::size_t chunk_end(std::size_t begin) const {
    std::size_t end = begin + 1;
    if (cuts(line_[begin])) {
      while (end < line_.size() && cuts(line_[end])) ++end;
      return end;
    }
    if (at_hyphens_ && begin > 0 && may_precede_dash(line_[begin - 1]) && dashes_end(begin) > begin)
      return dashes_end(begin);
    for (; end < line_.size() && !cuts(line_[end]); ++end) {
      if (!at_hyphens_) continue;
      if (hyphen(end)) return end + 1;
      if (may_precede_dash(line_[end - 1]) && dashes_end(end) > end) return end;
    }
    return end;
  }

  const Characters& line_;
  const bool at_hyphens_;
};

struct Wrapping {
  std::size_t width;
  bool break_long_words, break_on_hyphens;
};

// How much of a word that is longer than a line goes into the `room` that is left.
std::size_t cut_of(const Characters& word, std::size_t room, const Wrapping& how) {
  if (!how.break_on_hyphens || word.size() <= room || room == 0) return room;
  const std::size_t dash = word.rfind('-', room - 1);
  if (dash == Characters::npos || dash == 0 || word.find_first_not_of('-') >= dash) return room;
  return dash + 1;
}

std::vector<std::string> wrapped(const Characters& line, const Wrapping& how) {
  std::vector<Characters> chunks = Chunks(line, how.break_on_hyphens).run();
  std::reverse(chunks.begin(), chunks.end());
  std::vector<std::string> lines;
  while (!chunks.empty()) {
    spend(4);
    std::vector<Characters> current;
    std::size_t length = 0;
    if (!lines.empty() && all_blank(chunks.back())) chunks.pop_back();
    while (!chunks.empty() && length + chunks.back().size() <= how.width) {
      length += chunks.back().size();
      current.push_back(std::move(chunks.back()));
      chunks.pop_back();
    }
    if (!chunks.empty() && chunks.back().size() > how.width) {
      if (how.break_long_words) {
        const std::size_t cut = cut_of(chunks.back(), how.width - length, how);
        spend_scan(chunks.back().size() * sizeof(char32_t));
        current.push_back(chunks.back().substr(0, cut));
        chunks.back().erase(0, cut);
      } else if (current.empty()) {
        current.push_back(std::move(chunks.back()));
        chunks.pop_back();
      }
    }
    if (!current.empty() && all_blank(current.back())) current.pop_back();
    if (current.empty()) continue;
    std::string text;
    for (const Characters& chunk : current) text += utf8_of(chunk);
    lines.push_back(std::move(text));
  }
  return lines;
}

// Everything from `opening` to the next `closing`, both included, again and again.
std::string without(std::string_view text, std::string_view opening, std::string_view closing) {
  std::string kept;
  while (true) {
    const std::size_t begin = text.find(opening);
    const std::size_t end = begin == text.npos ? text.npos : text.find(closing, begin);
    if (end == text.npos) return kept.append(text);
    kept.append(text.substr(0, begin));
    text.remove_prefix(end + closing.size());
  }
}

// The character that an entity without & and ; stands for.
std::string entity(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> named[] = {
      {"amp", "&"},  {"lt", "<"},     {"gt", ">"},    {"quot", "\""}, {"apos", "'"},
      {"nbsp", " "}, {"hellip", "…"}, {"mdash", "—"}, {"ndash", "–"}, {"copy", "©"},
  };
  for (const auto& [known, text] : named)
    if (known == name) return std::string(text);
  const bool hex = name.size() > 1 && (name[1] | 32) == 'x';
  const auto code = name.starts_with('#') && name.size() < 12
                        ? BigInteger::parse(name.substr(hex ? 2 : 1), hex ? 16 : 10)
                        : std::nullopt;
  const std::int64_t value = code ? *code->to_int64() : -1;
  if (value <= 0 || value > 0x10FFFF || (value >= 0x80 && value < 0xA0) ||
      (value >= 0xD800 && value < 0xE000))
    throw Failure("striptags: the entity '&" + std::string(name.substr(0, 20)) + ";' is not supported");
  return unicode::to_utf8(static_cast<char32_t>(value));
}

std::string without_entities(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '&')
      while (end < text.size() && (is_decimal(static_cast<unsigned char>(text[end])) || text[end] == '#' ||
                                   ((text[end] | 32) >= 'a' && (text[end] | 32) <= 'z')))
        ++end;
    if (text[at] == '&' && end > at + 1 && end < text.size() && text[end] == ';') {
      plain += entity(text.substr(at + 1, end - at - 1));
      at = end + 1;
    } else {
      plain += text.substr(at, end - at);
      at = end;
    }
  }
  return plain;
}

}  // namespace

Value filter_striptags(Call& call) {
  const std::string given = call.self_text();
  spend_scan(given.size() * 8);
  const std::string text = without(without(given, "<!--", "-->"), "<", ">");
  std::string joined;
  for (const std::string& word : split(text, std::nullopt))
    joined.append(joined.empty() ? "" : " ").append(word);
  return without_entities(joined);
}

Value unescape(Call& call) { return without_entities(call.self_text()); }

Value filter_wordwrap(Call& call) {
  if (!call.self.is_string()) call.fail("a " + type_name(call.self) + " cannot be wrapped");
  const std::int64_t width = call.integer_or(0, 79);
  const std::string between(call.string_if_given(2).value_or("\n"));
  TextBuilder text;
  bool first = true;
  for (const std::string& line : split_lines(call.self.as_string(), false)) {
    if (width <= 0 && !line.empty()) call.fail("the width must be above 0");
    if (!std::exchange(first, false)) text.append(between);
    bool first_part = true;
    const Wrapping how{static_cast<std::size_t>(width), call.truth_or(1, true), call.truth_or(3, true)};
    for (const std::string& part : wrapped(characters_of(line), how)) {
      if (!std::exchange(first_part, false)) text.append(between);
      text.append(part);
    }
  }
  return text.take();
}

}  // namespace kelvin::jinja
