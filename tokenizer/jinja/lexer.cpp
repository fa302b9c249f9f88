#include "tokenizer/jinja/lexer.h"

#include <algorithm>
#include <charconv>

#include "tokenizer/jinja/text.h"
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

  std::size_t digits_end(std::size_t position) const {
    while (position < source_.size() && is_ascii_digit(source_[position])) ++position;
    return position;
  }

  std::size_t exponent_end(std::size_t position) const {
    if (position >= source_.size() || (source_[position] | 32) != 'e') return position;
    std::size_t digits = position + 1;
    if (digits < source_.size() && (source_[digits] == '+' || source_[digits] == '-')) ++digits;
    const std::size_t end = digits_end(digits);
    return end > digits ? end : position;
  }

  void read_number() {
    const std::size_t whole = digits_end(at_);
    std::size_t end = digits_end(whole + 1);
    if (whole >= source_.size() || source_[whole] != '.' || end == whole + 1) end = whole;
    end = exponent_end(end);
    if (at_ > 0 && source_[at_ - 1] == '.') end = whole;  // `a.0.1` subscripts twice
    const std::string digits = source_.substr(at_, end - at_);
    const char next = end < source_.size() ? source_[end] : ' ';
    if (next == '_' || (digits == "0" && std::string_view("xXoObB").find(next) != std::string_view::npos))
      fail("only decimal numbers without underscores are supported");
    if (end > whole) {
      add_number<double>(Token::Kind::real, digits, "the number " + digits + " is out of range");
    } else {
      const std::string reason = "the integer " + digits.substr(0, 40) + " does not fit into 64 bits";
      add_number<std::int64_t>(Token::Kind::integer, digits, reason);
      if (digits[0] == '0' && tokens_.back().value.truth()) fail("an integer does not begin with 0");
    }
    advance(end - at_);
  }

  template <class Number>
  void add_number(Token::Kind kind, const std::string& digits, const std::string& out_of_range) {
    Number value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
      fail(out_of_range);
    add(kind, digits, value);
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
      append_code(text, body.substr(at + 1, digits), digits);
      at += 1 + digits;
    } else if (c == 'N') {
      fail("character names (\\N) in strings are not supported");
    } else if ((c >= '0' && c <= '7') || static_cast<unsigned char>(c) >= 0x80) {
      fail("a backslash before a digit or a character beyond ASCII is not supported in strings");
    } else {
      text += '\\';
    }
  }

  void append_code(std::string& text, std::string_view digits, std::size_t expected) const {
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != expected || error != std::errc() || end != digits.data() + digits.size())
      fail("a \\x, \\u or \\U escape without its digits");
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("an escape that is no Unicode character");
    unicode::append_char(text, code);
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
