#include "tokenizer/regex/regex_class.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/regex/regex_syntax.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::regex {

RegexReader::RegexReader(std::string_view pattern, bool ascii) : pattern_(pattern), ascii_(ascii) {
  if (!unicode::is_utf8(pattern)) throw RegexError("regex is not UTF-8");
  if (pattern.size() > 65536) throw RegexError("regex longer than 65536 bytes");
}

char32_t RegexReader::peek() const {
  if (at_end()) return 0;
  const char* at = pattern_.data() + at_;
  return unicode::next_char(at);
}

char32_t RegexReader::next(std::string_view problem_at_end) {
  if (at_end()) fail(problem_at_end);
  const char* at = pattern_.data() + at_;
  last_ = unicode::next_char(at);
  at_ = static_cast<std::size_t>(at - pattern_.data());
  return last_;
}

bool RegexReader::take(char32_t wanted) {
  if (at_end() || peek() != wanted) return false;
  next("");
  return true;
}

bool RegexReader::take(std::string_view wanted) {
  if (pattern_.substr(at_, wanted.size()) != wanted) return false;
  at_ += wanted.size();
  return true;
}

bool RegexReader::take_number(unsigned& number) {
  if (peek() < '0' || peek() > '9') return false;
  number = 0;
  while (peek() >= '0' && peek() <= '9') {
    number = number * 10 + static_cast<unsigned>(next("") - '0');
    if (number > 100000) fail("number too large");
  }
  return true;
}

void RegexReader::fail(std::string_view problem) const {
  throw RegexError("regex \"" + std::string(pattern_.substr(0, unicode::prefix_of_chars(pattern_, 200))) +
                   "\", at byte " + std::to_string(at_) + ": " + std::string(problem));
}

namespace {

CharSet hex_digits() { return CharSet::of({{'0', '9'}, {'A', 'F'}, {'a', 'f'}}); }

CharSet braced_property(RegexReader& reader) {
  if (!reader.take('{')) reader.fail("\\p without {name}");
  const bool negated = reader.take('^');
  std::string name;
  while (reader.next("\\p{ without }") != '}') unicode::append_char(name, reader.last());
  const std::optional<CharSet> set = property_set(name);
  if (!set) reader.fail("unknown property \\p{" + name + "}");
  return negated ? set->inverted() : *set;
}

char32_t hex_number(RegexReader& reader, int max) {
  char32_t code = 0;
  int digits = 0;
  for (; digits < max; ++digits) {
    const char32_t digit = reader.peek();
    if (!hex_digits().contains(digit)) break;
    reader.next("");
    code = code * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  if (digits == 0) reader.fail("hexadecimal digits expected");
  return code;
}

bool is_letter_or_digit(char32_t code) {
  return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
}

// Behind \u or \x: the number.
char32_t read_code_point(RegexReader& reader, char32_t letter) {
  const bool braces = letter == 'x' && reader.take('{');
  const std::size_t start = reader.position();
  const char32_t value = hex_number(reader, braces ? 8 : letter == 'u' ? 4 : 2);
  if (letter == 'u' && reader.position() != start + 4) reader.fail("\\u needs four digits");
  if (braces && !reader.take('}')) reader.fail("\\x{ without }");
  if (value > CharSet::last_code || (value >= 0xD800 && value <= 0xDFFF)) reader.fail("no such code point");
  if (letter == 'x' && !braces && value >= 0x80) reader.fail("single bytes above 7F are not supported");
  return value;
}

// [:name:], if that is what stands behind the '[' already read.
bool read_posix_class(RegexReader& reader, CharSet& set) {
  const std::size_t start = reader.position();
  if (!reader.take(':')) return false;
  const bool negated = reader.take('^');
  std::string name;
  while (!reader.at_end() && is_letter_or_digit(reader.peek())) unicode::append_char(name, reader.next(""));
  if (!reader.take(":]")) {
    reader.rewind(start);
    return false;
  }
  std::optional<CharSet> found = property_set(name);
  if (!found) reader.fail("unknown class [:" + name + ":]");
  if (name == "punct") found->add(*property_set("S"));
  set = negated ? reader.known(*found).inverted() : reader.known(*found);
  return true;
}

// One character or one set of a class; the character's code if it may begin a range.
std::optional<char32_t> read_class_item(RegexReader& reader, int depth, std::vector<unicode::Range>& ranges) {
  const auto add = [&](const CharSet& set) {
    ranges.insert(ranges.end(), set.ranges().begin(), set.ranges().end());
    return std::nullopt;
  };
  if (reader.take('[')) {
    CharSet posix;
    if (read_posix_class(reader, posix)) return add(posix);
    bool negated = false;
    const CharSet inner = read_char_class(reader, negated, depth + 1);
    return add(negated ? inner.inverted() : inner);
  }
  if (reader.take('\\')) {
    if (reader.take('b')) return '\b';
    CharSet escaped;
    if (read_set_escape(reader, true, escaped)) return add(escaped);
    return read_char_escape(reader);
  }
  return reader.next("'[' without ']'");
}

}  // namespace

bool read_set_escape(RegexReader& reader, bool in_class, CharSet& set) {
  const char32_t code = reader.peek(), kind = code | 0x20;
  if (kind == 'd')
    set = reader.known(digit_set());
  else if (kind == 's')
    set = reader.known(space_set());
  else if (kind == 'w')  // inside a class \w lacks the numbers of Latin-1: so Oniguruma has it
    set = reader.known(in_class ? *property_set("word") : word_set());
  else if (kind == 'h')
    set = hex_digits();
  else if (kind != 'p')
    return false;
  reader.next("");
  if (kind == 'p') set = braced_property(reader);
  if (code < 'a') set = set.inverted();
  return true;
}

char32_t read_char_escape(RegexReader& reader) {
  const char32_t code = reader.next("'\\' at the end");
  constexpr std::u32string_view letters = U"tnrfvae", meanings = U"\t\n\r\f\v\a\x1b";
  if (const std::size_t which = letters.find(code); which != letters.npos) return meanings[which];
  if (code == 'u' || code == 'x') return read_code_point(reader, code);
  if (is_letter_or_digit(code)) reader.fail("\\" + unicode::to_utf8(code) + " is not supported");
  return code;
}

CharSet read_char_class(RegexReader& reader, bool& negated, int depth) {
  if (depth > 50) reader.fail("nested too deeply");
  negated = reader.take('^');
  CharSet whole;
  std::vector<unicode::Range> part;
  bool intersecting = false;
  const auto finish_part = [&] {
    const CharSet set = CharSet::of(std::exchange(part, {}));
    whole = intersecting ? whole.intersected(set) : set;
  };
  for (bool first = true; first || reader.peek() != ']'; first = false) {
    if (!first && reader.take("&&")) {
      finish_part();
      intersecting = true;
      continue;
    }
    const std::optional<char32_t> from = read_class_item(reader, depth, part);
    if (!from) continue;
    const std::size_t dash = reader.position();
    char32_t last = *from;
    if (!reader.take('-') || reader.peek() == ']') {
      reader.rewind(dash);
    } else {
      std::vector<unicode::Range> set;
      const std::optional<char32_t> to = read_class_item(reader, depth, set);
      if (!to) reader.fail("a range must end with a character");
      if (*to < *from) reader.fail("empty range in a class");
      last = *to;
    }
    part.push_back({*from, last});
  }
  reader.next("");
  finish_part();
  return whole;
}

}  // namespace kelvin::regex
