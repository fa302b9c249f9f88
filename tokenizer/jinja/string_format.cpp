// The two ways Python fills values into text: "%s" % value and "{}".format(value).
#include <algorithm>
#include <charconv>
#include <cmath>

#include "tokenizer/jinja/characters.h"
#include "tokenizer/jinja/number_text.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/string_methods.h"

namespace kelvin::jinja {

namespace {

// The common part of both: how a value is to look.
struct Field {
  char type = 0;
  char align = 0;  // < > ^ or = (between sign and digits); 0 is the type's own
  std::string fill = " ";
  char sign = 0;  // + or a blank: what positive numbers show
  bool alternate = false;
  char grouping = 0;  // , or _
  std::int64_t width = 0, precision = -1;
};

std::string non_ascii_escaped(const std::string& text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (c < 0x80)
      escaped += static_cast<char>(c);
    else
      escaped += (c < 0x100     ? "\\x"
                  : c < 0x10000 ? "\\u"
                                : "\\U") +
                 std::string(c < 0x100     ? 2 - format_digits(c, 16, false).size()
                             : c < 0x10000 ? 4 - format_digits(c, 16, false).size()
                                           : 8 - format_digits(c, 16, false).size(),
                             '0') +
                 format_digits(c, 16, false);
  }
  return escaped;
}

void append_padded(TextBuilder& out, const Field& field, std::string_view sign, std::string_view body,
                   char align) {
  const auto length = static_cast<std::int64_t>(sign.size() + count_characters(body));
  const std::int64_t room = std::max<std::int64_t>(field.width - length, 0);
  const std::int64_t before = align == '<' ? 0 : align == '^' ? room / 2 : room;
  const auto pad = [&](std::int64_t count) {
    if (field.fill.size() == 1) return out.append(static_cast<std::size_t>(count), field.fill[0]);
    for (; count > 0; --count) out.append(field.fill);
  };
  if (align == '=') out.append(sign);
  pad(before);
  if (align != '=') out.append(sign);
  out.append(body);
  pad(room - before);
}

std::string grouped(std::string digits, char separator, std::size_t size) {
  const std::size_t point = std::min(digits.find_first_of(".e"), digits.size());
  for (std::size_t at = point; at > size; at -= size) digits.insert(at - size, 1, separator);
  return digits;
}

void append_text(TextBuilder& out, const Field& field, std::string text) {
  if (field.precision >= 0) {
    std::size_t end = 0;
    for (std::int64_t i = 0; i < field.precision && end < text.size(); ++i) next_character(text, end);
    text.resize(end);
  }
  append_padded(out, field, "", text, field.align ? field.align : '<');
}

// `precision` of integers is the least number of digits, as % has it.
void append_integer(TextBuilder& out, const Field& field, std::int64_t value) {
  const int base = field.type == 'x' || field.type == 'X' ? 16
                   : field.type == 'o'                    ? 8
                   : field.type == 'b'                    ? 2
                                                          : 10;
  const std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string digits = format_digits(magnitude, base, field.type == 'X');
  if (field.precision > static_cast<std::int64_t>(digits.size())) {
    afford(static_cast<std::size_t>(field.precision));
    digits.insert(0, static_cast<std::size_t>(field.precision) - digits.size(), '0');
  }
  if (field.grouping) digits = grouped(std::move(digits), field.grouping, base == 10 ? 3 : 4);
  std::string sign = value < 0 ? "-" : field.sign ? std::string(1, field.sign) : "";
  if (field.alternate && base != 10) sign += std::string("0") + field.type;
  append_padded(out, field, sign, digits, field.align ? field.align : '>');
}

void append_real(TextBuilder& out, const Field& field, double value) {
  const bool percent = field.type == '%';
  std::string digits;
  if (field.type == 0 && field.precision < 0) {
    digits = real_text(std::fabs(value));
  } else {
    const char type = percent ? 'f' : field.type == 0 || field.type == 'n' ? 'g' : field.type;
    const auto precision = static_cast<int>(std::min<std::int64_t>(field.precision, 1 << 20));
    digits = format_real(std::fabs(percent ? value * 100 : value), type, precision);
    if (field.type == 0 && digits.find_first_of(".ein") == std::string::npos) digits += ".0";
  }
  if (field.grouping) digits = grouped(std::move(digits), field.grouping, 3);
  const std::string sign = std::signbit(value) && !std::isnan(value) ? "-"
                           : field.sign                              ? std::string(1, field.sign)
                                                                     : "";
  append_padded(out, field, sign, digits + (percent ? "%" : ""), field.align ? field.align : '>');
}

bool is_digit_character(char c) { return c >= '0' && c <= '9'; }

std::int64_t read_number(std::string_view text, std::size_t& at) {
  std::int64_t number = 0;
  for (; at < text.size() && is_digit_character(text[at]); ++at) {
    if (number > 1'000'000'000) throw Failure("a width or precision is too large");
    number = number * 10 + (text[at] - '0');
  }
  return number;
}

class PercentFormat {
 public:
  PercentFormat(std::string_view format, const Value& value) : format_(format), value_(value) {
    if (value.is_sequence(SequenceKind::tuple) || value.is_sequence(SequenceKind::group))
      arguments_ = value.as_sequence().items;
    else
      arguments_ = {value};
  }

  std::string run() {
    while (at_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_.append(format_.substr(at_, percent - at_));
      at_ = percent + 1;
      if (percent < format_.size()) directive();
    }
    const bool tuple = value_.is_sequence(SequenceKind::tuple) || value_.is_sequence(SequenceKind::group);
    const bool keeps_rest = !tuple && (value_.is_dict() || value_.is_sequence() || value_.is_undefined());
    if (next_ < arguments_.size() && !keeps_rest) throw Failure("not all arguments are used by the format");
    return out_.take();
  }

 private:
  char current() const {
    if (at_ >= format_.size()) throw Failure("the format ends within a directive");
    return format_[at_];
  }

  const Value& argument() {
    if (next_ >= arguments_.size()) throw Failure("too few arguments for the format");
    return arguments_[next_++];
  }

  std::int64_t star_or_number() {
    if (current() != '*') return read_number(format_, at_);
    ++at_;
    const Value& number = argument();
    if (!number.is_integral() || std::abs(number.as_integer()) > 1'000'000'000)
      throw Failure("* needs a small integer");
    return number.as_integer();
  }

  void directive() {
    Field field;
    const Value* value = nullptr;
    if (current() == '(') {
      const std::size_t end = format_.find(')', at_);
      if (end == format_.npos) throw Failure("the format ends within a directive");
      if (!value_.is_dict()) throw Failure("the format needs a dict");
      value = value_.as_dict().find_string(format_.substr(at_ + 1, end - at_ - 1));
      if (!value) throw Failure("the dict has no key that the format asks for");
      at_ = end + 1;
      next_ = arguments_.size();
    }
    bool zero = false;
    for (; std::string_view("-+ #0").find(current()) != std::string_view::npos; ++at_) {
      if (current() == '-') field.align = '<';
      if (current() == '+' || (current() == ' ' && !field.sign)) field.sign = current();
      field.alternate = field.alternate || current() == '#';
      zero = zero || current() == '0';
    }
    field.width = star_or_number();
    if (field.width < 0) {
      field.align = '<';
      field.width = -field.width;
    }
    if (current() == '.') {
      ++at_;
      field.precision = std::max<std::int64_t>(star_or_number(), 0);
    }
    if (std::string_view("hlL").find(current()) != std::string_view::npos) ++at_;
    field.type = current();
    ++at_;
    if (field.type == '%') return out_.append("%");
    if (zero && !field.align) field.align = '0';
    print(field, value ? *value : argument());
  }

  void print(Field& field, const Value& value) {
    static constexpr std::string_view integers = "diuoxX", reals = "eEfFgG";
    const bool zero = field.align == '0';
    if (zero) field.align = 0;
    if (!field.align) field.align = '>';
    if (field.type == 's') return append_text(out_, field, to_text(value));
    if (field.type == 'r') return append_text(out_, field, repr(value));
    if (field.type == 'a') return append_text(out_, field, non_ascii_escaped(repr(value)));
    if (field.type == 'c') return print_character(field, value);
    if (integers.find(field.type) == integers.npos && reals.find(field.type) == reals.npos)
      throw Failure(std::string("the format has no type '") + field.type + "'");
    if (value.is_undefined()) throw Failure(value.undefined_reason());
    if (!value.is_number()) throw Failure("the format needs a number, not a " + type_name(value));
    if (zero) {
      field.align = '=';
      field.fill = "0";
    }
    if (reals.find(field.type) != reals.npos) return append_real(out_, field, value.as_number());
    if (value.is_real() && field.type != 'd' && field.type != 'i' && field.type != 'u')
      throw Failure("the format needs an integer, not a float");
    const auto integer = value.is_real() ? truncated(value.as_number()) : value.as_integer();
    if (!integer) throw Failure("NaN is not an integer");
    append_integer(out_, field, *integer);
  }

  void print_character(const Field& field, const Value& value) {
    if (value.is_string() && value.as_text().length == 1) return append_text(out_, field, value.as_string());
    if (!value.is_integral() || value.as_integer() < 0 || value.as_integer() > 0x10FFFF)
      throw Failure("%c needs a character");
    std::string text;
    append_character(text, static_cast<char32_t>(value.as_integer()));
    append_text(out_, field, text);
  }

  std::string_view format_;
  const Value& value_;
  std::vector<Value> arguments_;
  std::size_t at_ = 0, next_ = 0;
  TextBuilder out_;
};

class BraceFormat {
 public:
  BraceFormat(const std::vector<Value>& positional, const Value& named)
      : positional_(positional), named_(named) {}

  std::string run(std::string_view format, int depth) {
    if (depth > 2) throw Failure("fields are nested too deeply in the format");
    TextBuilder out;
    for (std::size_t at = 0; at < format.size();) {
      const char c = format[at];
      if (c != '{' && c != '}') {
        const std::size_t end = std::min(format.find_first_of("{}", at), format.size());
        out.append(format.substr(at, end - at));
        at = end;
      } else if (at + 1 < format.size() && format[at + 1] == c) {
        out.append(1, c);
        at += 2;
      } else if (c == '}') {
        throw Failure("a single } in the format");
      } else {
        const std::size_t end = field_end(format, at + 1);
        field(out, format.substr(at + 1, end - at - 1), depth);
        at = end + 1;
      }
    }
    return out.take();
  }

 private:
  static std::size_t field_end(std::string_view format, std::size_t at) {
    int open = 1;
    for (; at < format.size(); ++at) {
      open += format[at] == '{' ? 1 : format[at] == '}' ? -1 : 0;
      if (open == 0) return at;
    }
    throw Failure("a { without its } in the format");
  }

  void field(TextBuilder& out, std::string_view text, int depth) {
    const std::size_t name_end = std::min(text.find_first_of("!:"), text.size());
    Value value = named_value(text.substr(0, name_end));
    std::size_t at = name_end;
    if (at < text.size() && text[at] == '!') {
      const char conversion = at + 1 < text.size() ? text[at + 1] : 0;
      if (conversion == 's')
        value = to_text(value);
      else if (conversion == 'r')
        value = repr(value);
      else if (conversion == 'a')
        value = non_ascii_escaped(repr(value));
      else
        throw Failure("a field converts by !s, !r or !a");
      at += 2;
      if (at < text.size() && text[at] != ':') throw Failure("a : is missing in the format");
    }
    const std::string specification = at < text.size() ? run(text.substr(at + 1), depth + 1) : "";
    print(out, specification, value);
  }

  // first(.attribute | [index])*
  Value named_value(std::string_view path) {
    const std::size_t first_end = std::min(path.find_first_of(".["), path.size());
    const std::string_view first = path.substr(0, first_end);
    Value value = first.empty() || is_digit_character(first[0]) ? positional_value(first) : keyword(first);
    for (std::size_t at = first_end; at < path.size();) {
      const bool index = path[at] == '[';
      const std::size_t end =
          std::min(index ? path.find(']', at) : path.find_first_of(".[", at + 1), path.size());
      const std::string_view part = path.substr(at + 1, end - at - 1);
      if (part.empty()) throw Failure("an empty name in the format");
      const bool number =
          index && std::all_of(part.begin(), part.end(), is_digit_character) && part.size() < 18;
      value = !index   ? get_attribute(value, part)
              : number ? get_item(value, std::int64_t{std::stoll(std::string(part))})
                       : get_item(value, part);
      at = index ? end + 1 : end;
    }
    return value;
  }

  Value positional_value(std::string_view number) {
    std::size_t index = next_, at = 0;
    // Either all fields are numbered or none.
    const Numbering numbering = number.empty() ? Numbering::automatic : Numbering::manual;
    if (numbering_ != Numbering::unknown && numbering_ != numbering)
      throw Failure("numbered and unnumbered fields cannot be mixed in a format");
    numbering_ = numbering;
    if (number.empty())
      ++next_;
    else
      index = static_cast<std::size_t>(read_number(number, at));
    if (index >= positional_.size()) throw Failure("too few arguments for the format");
    return positional_[index];
  }

  Value keyword(std::string_view name) const {
    const Value* found = named_.as_dict().find_string(name);
    if (!found) throw Failure("the format has no argument '" + std::string(name.substr(0, 60)) + "'");
    return *found;
  }

  // [[fill]align][sign][#][0][width][grouping][.precision][type]
  static void print(TextBuilder& out, std::string_view text, const Value& value) {
    if (text.empty()) return out.append(to_text(value));
    Field field;
    std::size_t at = 0;
    const auto is_align = [&](std::size_t i) {
      return i < text.size() && std::string_view("<>^=").find(text[i]) != std::string_view::npos;
    };
    std::size_t after_fill = 0;
    next_character(text, after_fill);
    const bool has_fill = is_align(after_fill);
    if (has_fill) {
      field.fill = text.substr(0, after_fill);
      at = after_fill;
    }
    if (is_align(at)) field.align = text[at++];
    if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) {
      field.sign = text[at] == '-' ? char{0} : text[at];
      ++at;
    }
    if (at < text.size() && text[at] == '#') field.alternate = ++at;
    if (at < text.size() && text[at] == '0') {
      ++at;
      if (!has_fill) field.fill = "0";
      if (!field.align && value.is_number()) field.align = '=';
    }
    field.width = read_number(text, at);
    if (at < text.size() && (text[at] == ',' || text[at] == '_')) field.grouping = text[at++];
    if (at < text.size() && text[at] == '.') {
      ++at;
      field.precision = read_number(text, at);
    }
    if (at < text.size()) field.type = text[at++];
    if (at != text.size()) throw Failure("the format of a field is not valid");
    print(out, field, value);
  }

  static void print(TextBuilder& out, Field& field, const Value& value) {
    static constexpr std::string_view integers = "bdoxXn", reals = "eEfFgG%n";
    const bool typed_real = field.type != 0 && field.type != 'n' && reals.find(field.type) != reals.npos;
    const auto fail = [&] { throw Failure("a " + type_name(value) + " cannot be written in this format"); };
    if (value.is_real() || (value.is_integral() && typed_real)) {
      if (field.type != 0 && reals.find(field.type) == reals.npos) fail();
      return append_real(out, field, value.as_number());
    }
    if (value.is_integral() && !(value.is_bool() && field.type == 0)) {
      if (field.type == 'c') {
        std::string text;
        append_character(text,
                         static_cast<char32_t>(std::clamp<std::int64_t>(value.as_integer(), 0, 0x10FFFF)));
        return append_text(out, field, text);
      }
      if ((field.type != 0 && integers.find(field.type) == integers.npos) || field.precision >= 0) fail();
      return append_integer(out, field, value.as_integer());
    }
    if ((!value.is_string() && !value.is_bool()) || (field.type != 0 && field.type != 's') ||
        field.align == '=')
      fail();
    append_text(out, field, to_text(value));
  }

  const std::vector<Value>& positional_;
  const Value& named_;
  std::size_t next_ = 0;
  enum class Numbering { unknown, automatic, manual } numbering_ = Numbering::unknown;
};

}  // namespace

std::string percent_format(std::string_view format, const Value& value) {
  return PercentFormat(format, value).run();
}

std::string brace_format(std::string_view format, const std::vector<Value>& positional, const Value& named) {
  return BraceFormat(positional, named).run(format, 0);
}

}  // namespace kelvin::jinja
