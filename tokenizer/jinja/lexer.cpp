#include "tokenizer/jinja/lexer.h"

#include <algorithm>
#include <charconv>

#include "tokenizer/jinja/character_names.h"
#include "tokenizer/jinja/number_text.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_identifier(char32_t c) { return c == '_' || unicode::is_letter(c); }
bool continues_identifier(char32_t c) {
  return begins_identifier(c) || unicode::category(c) == unicode::Category::Nd;
}

// "\r\n" and "\r" become "\n"; one newline at the end goes.
std::string normalized(std::string_view source) {
  std::string text;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    text += source[i] == '\r' ? '\n' : source[i];
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

int digit_value(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char letter = static_cast<char>(c | 32);
  return letter >= 'a' && letter <= 'z' ? letter - 'a' + 10 : 99;
}

// Real templates have a few thousand; each takes a hundred times the memory of its byte.
constexpr std::size_t max_tokens = std::size_t{1} << 18;

class Lexer {
 public:
  Lexer(std::string_view source, const std::string& name) : source_(normalized(source)), name_(name) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) read_text();
    add(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const { throw TemplateError(name_, line_, reason); }

  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  bool follows(std::string_view text) const { return rest().starts_with(text); }
  void add(Token::Kind kind, std::string text, Value value = {}) {
    if (tokens_.size() == max_tokens)
      fail("at most " + std::to_string(max_tokens) +
           " names, numbers, strings and symbols expected, more found");
    tokens_.push_back({kind, line_, std::move(text), std::move(value)});
  }
  void advance(std::size_t bytes) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(at_ + bytes), '\n'));
    at_ += bytes;
    if (bytes > 0) line_starts_ = source_[at_ - 1] == '\n';
  }
  std::size_t spaces_at(std::size_t position) const {
    const std::string_view tail = std::string_view(source_).substr(position);
    return tail.size() - strip(tail, Side::left).size();
  }

  // Text up to the next tag, then the tag.
  void read_text() {
    std::size_t tag = at_;
    do {
      tag = source_.find('{', tag);
      if (tag == std::string::npos || tag + 1 >= source_.size()) {
        add(Token::Kind::text, source_.substr(at_));
        at_ = source_.size();
        return;
      }
    } while (source_[tag + 1] != '{' && source_[tag + 1] != '%' && source_[tag + 1] != '#' && ++tag);
    const char type = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    const bool signed_tag = sign == '-' || sign == '+';
    add_text(source_.substr(at_, tag - at_), sign, type != '{');
    advance(tag - at_);
    const std::size_t raw = type == '%' ? raw_block_length() : 0;
    if (raw > 0) {
      advance(raw);
      return read_raw();
    }
    const int opened = line_;
    advance(signed_tag ? 3 : 2);
    if (type == '#') return skip_comment(opened);
    add(type == '{' ? Token::Kind::output_begin : Token::Kind::block_begin, "");
    read_tag(type == '{');
  }

  // Adds the text before a tag, less what the tag's sign or lstrip_blocks takes away.
  void add_text(std::string text, char sign, bool strips_line) {
    if (sign == '-') {
      text = strip(text, Side::right);
    } else if (sign != '+' && strips_line) {
      const std::size_t newline = text.rfind('\n');
      const std::size_t start = newline == std::string::npos ? 0 : newline + 1;
      if ((start > 0 || line_starts_) && strip(std::string_view(text).substr(start), Side::both).empty())
        text.resize(start);
    }
    if (!text.empty()) add(Token::Kind::text, std::move(text));
  }

  void skip_comment(int opened) {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) {
      line_ = opened;
      fail("a comment without its end #}");
    }
    const char sign = end > at_ ? source_[end - 1] : ' ';
    advance(end - at_ + 2);
    after_block(sign);
  }

  // What follows %} or #}: all whitespace goes after a '-', one newline unless there was a '+'.
  void after_block(char sign) {
    if (sign == '-')
      advance(spaces_at(at_));
    else if (sign != '+' && follows("\n"))
      advance(1);
  }

  // Length of `{% name %}` here, with optional signs and, where that has a '-', the blanks behind; 0 if it is
  // not.
  std::size_t block_length(std::string_view name, char& end_sign) const {
    std::size_t at = at_ + 2;
    if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
    at += spaces_at(at);
    if (std::string_view(source_).substr(at, name.size()) != name) return 0;
    at += name.size();
    at += spaces_at(at);
    end_sign = at < source_.size() ? source_[at] : ' ';
    if (end_sign == '-' || end_sign == '+') ++at;
    if (std::string_view(source_).substr(at, 2) != "%}") return 0;
    return at + 2 - at_;
  }

  std::size_t raw_block_length() const {
    char sign = ' ';
    const std::size_t length = block_length("raw", sign);
    if (length == 0 || sign == '+') return 0;
    return length + (sign == '-' ? spaces_at(at_ + length) : 0);
  }

  void read_raw() {
    const std::size_t start = at_;
    const int opened = line_;
    for (std::size_t tag = at_; (tag = source_.find("{%", tag)) != std::string::npos; ++tag) {
      at_ = tag;
      char end_sign = ' ';
      const std::size_t length = block_length("endraw", end_sign);
      if (length == 0) continue;
      at_ = start;
      add_text(source_.substr(start, tag - start), source_[tag + 2], true);
      advance(tag - start + length);
      return after_block(end_sign);
    }
    line_ = opened;
    fail("a raw block without its endraw");
  }

  void read_tag(bool output) {
    brackets_.clear();
    while (at_ < source_.size()) {
      if (brackets_.empty() && read_tag_end(output)) return;
      read_token();
    }
  }

  bool read_tag_end(bool output) {
    const std::string_view end = output ? "}}" : "%}";
    const char sign = source_[at_];
    const bool has_sign = (sign == '-' || (sign == '+' && !output)) && rest().substr(1).starts_with(end);
    if (!has_sign && !follows(end)) return false;
    add(output ? Token::Kind::output_end : Token::Kind::block_end, "");
    advance(has_sign ? 3 : 2);
    if (output && sign == '-')
      advance(spaces_at(at_));
    else if (!output)
      after_block(has_sign ? sign : ' ');
    return true;
  }

  void read_token() {
    if (const std::size_t spaces = spaces_at(at_)) return advance(spaces);
    std::size_t next = at_;
    const char32_t c = unicode::next_char(source_, next);
    if (c < 0x80 && is_ascii_digit(source_[at_])) return read_number();
    if (begins_identifier(c)) return read_name();
    if (c == '"' || c == '\'') return read_string();
    static constexpr std::string_view symbols[] = {"**", "//", "==", "!=", ">=", "<=", "+", "-", "/",
                                                   "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                   ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    for (const std::string_view symbol : symbols)
      if (follows(symbol)) return read_symbol(symbol);
    fail("unexpected character '" + source_.substr(at_, next - at_) + "'");
  }

  void read_symbol(std::string_view symbol) {
    static constexpr std::string_view opening = "([{", closing = ")]}";
    if (const std::size_t kind = opening.find(symbol); kind != std::string_view::npos)
      brackets_ += closing[kind];
    if (closing.find(symbol) != std::string_view::npos) {
      if (brackets_.empty()) fail("unexpected '" + std::string(symbol) + "'");
      if (brackets_.back() != symbol[0])
        fail("unexpected '" + std::string(symbol) + "', expected '" + brackets_.back() + "'");
      brackets_.pop_back();
    }
    add(Token::Kind::symbol, std::string(symbol));
    advance(symbol.size());
  }

  void read_name() {
    std::size_t end = at_;
    for (std::size_t next = at_; next < source_.size(); end = next)
      if (!continues_identifier(unicode::next_char(source_, next))) break;
    add(Token::Kind::name, source_.substr(at_, end - at_));
    advance(end - at_);
  }

  // End of digits of `base` with single underscores between them.
  std::size_t digits_end(std::size_t position, int base) const {
    std::size_t end = position;
    while (end < source_.size()) {
      const std::size_t digit = source_[end] == '_' && end > position ? end + 1 : end;
      if (digit >= source_.size() || digit_value(source_[digit]) >= base) break;
      end = digit + 1;
    }
    return end;
  }

  std::size_t exponent_end(std::size_t position) const {
    if (position >= source_.size() || (source_[position] | 32) != 'e') return position;
    std::size_t digits = position + 1;
    if (digits < source_.size() && (source_[digits] == '+' || source_[digits] == '-')) ++digits;
    const std::size_t end = digits_end(digits, 10);
    return end > digits ? end : position;
  }

  void read_number() {
    const std::size_t whole = digits_end(at_, 10);
    std::size_t end = whole;
    if (whole < source_.size() && source_[whole] == '.') {
      const std::size_t fraction = digits_end(whole + 1, 10);
      if (fraction > whole + 1) end = fraction;
    }
    end = exponent_end(end);
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';  // `a.0.1` subscripts twice
    if (end > whole && !after_dot) return add_real(end);
    int base = 10;
    std::size_t start = at_;
    if (source_[at_] == '0' && at_ + 1 < source_.size()) {
      const char letter = static_cast<char>(source_[at_ + 1] | 32);
      const int prefix = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
      const bool underscore = prefix != 0 && at_ + 2 < source_.size() && source_[at_ + 2] == '_';
      const std::size_t digits = at_ + 2 + (underscore ? 1 : 0);
      if (prefix != 0 && digits_end(digits, prefix) > digits) {
        base = prefix;
        start = digits;
      }
    }
    end = digits_end(start, base);
    // Decimal numbers do not begin with zeros: `012` reads as 0 and 12, which then does not parse.
    if (base == 10 && source_[start] == '0') {
      end = start;
      while (end < whole && (source_[end] == '0' || source_[end] == '_')) ++end;
    }
    add_integer(start, end, base);
  }

  void add_real(std::size_t end) {
    const std::string digits = source_.substr(at_, end - at_);
    const std::optional<double> value = parse_real(digits);
    if (!value) fail("the number " + digits.substr(0, 60) + " is not understood");
    add(Token::Kind::real, digits, *value);
    advance(end - at_);
  }

  void add_integer(std::size_t start, std::size_t end, int base) {
    std::string digits = source_.substr(start, end - start);
    std::erase(digits, '_');
    try {
      add(Token::Kind::integer, digits, Value::integer(*BigInteger::parse(digits, base)));
    } catch (const Failure& failure) {
      fail(failure.what());
    }
    advance(end - at_);
  }

  void read_string() {
    const char quote = source_[at_];
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail(std::string("a string without its closing ") + quote);
    add(Token::Kind::string, unescaped(std::string_view(source_).substr(at_ + 1, end - at_ - 1)));
    advance(end + 1 - at_);
  }

  std::string unescaped(std::string_view body) const {
    std::string text;
    for (std::size_t at = 0; at < body.size();) {
      if (body[at] != '\\') {
        text += body[at++];
        continue;
      }
      ++at;
      append_escape(text, body, at);
    }
    return text;
  }

  // `at` is behind the backslash and moves behind the escape.
  void append_escape(std::string& text, std::string_view body, std::size_t& at) const {
    static constexpr std::string_view letters = "ntr\\'\"abfv", meanings = "\n\t\r\\'\"\a\b\f\v";
    const char c = body[at];
    if (const std::size_t known = letters.find(c); known != std::string_view::npos) {
      text += meanings[known];
      ++at;
    } else if (c == '\n') {
      ++at;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      append_code(text, body.substr(at + 1, digits), digits, 16);
      at += 1 + digits;
    } else if (c >= '0' && c <= '7') {
      std::size_t digits = 1;
      while (digits < 3 && at + digits < body.size() && body[at + digits] >= '0' && body[at + digits] <= '7')
        ++digits;
      append_code(text, body.substr(at, digits), digits, 8);
      at += digits;
    } else if (c == 'N') {
      append_named(text, body, at);
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      append_escaped_character(text, unicode::next_char(body, at));
    } else {
      text += '\\';
    }
  }

  // N{...}
  void append_named(std::string& text, std::string_view body, std::size_t& at) const {
    const std::size_t end = std::min(body.find('}', at), body.size());
    if (!body.substr(at).starts_with("N{") || end == body.size())
      fail("\\N without {the name} of a character");
    const std::string name(body.substr(at + 2, end - at - 2));
    const std::optional<char32_t> code = character_named(name);
    if (!code) fail("the character name '" + name.substr(0, 60) + "' is not known");
    unicode::append_char(text, *code);
    at = end + 1;
  }

  void append_code(std::string& text, std::string_view digits, std::size_t expected, int base) const {
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
    if (digits.size() != expected || error != std::errc() || end != digits.data() + digits.size())
      fail("a \\x, \\u or \\U escape without its digits");
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("an escape that is no Unicode character");
    unicode::append_char(text, code);
  }

  // jinja2 decodes escapes after writing other characters as escapes themselves, so a backslash before one of
  // them leaves that escape as text.
  static void append_escaped_character(std::string& text, char32_t c) {
    const int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
    text += (digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U") + unicode::hex(c, digits);
  }

  std::string source_;
  const std::string& name_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_starts_ = true;  // a newline was read last
  std::string brackets_;     // the closing ones that are due
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, const std::string& name) {
  if (!unicode::is_utf8(source)) throw TemplateError(name, 1, "the template is not valid UTF-8");
  return Lexer(source, name).run();
}

}  // namespace kelvin::jinja
