// "{}".format(value).
#include <algorithm>

#include "tokenizer/jinja/field.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/string_methods.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

class BraceFormat {
 public:
  BraceFormat(const std::vector<Value>& positional, const Value& named, bool escapes)
      : positional_(positional), named_(named), escapes_(escapes) {}

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
        value = ascii_repr(value);
      else
        throw Failure("a field converts by !s, !r or !a");
      at += 2;
      if (at < text.size() && text[at] != ':') throw Failure("a : is missing in the format");
    }
    const std::string specification = at < text.size() ? run(text.substr(at + 1), depth + 1) : "";
    if (!escapes_) return print(out, specification, value);
    const bool markup = value.is_string() && value.as_text().markup;
    if (markup && !specification.empty()) throw Failure("markup has no format of its own");
    TextBuilder plain;
    print(plain, specification, value);
    out.append(markup ? plain.take() : escape_html(plain.take()));
  }

  // first(.attribute | [index])*
  Value named_value(std::string_view path) {
    const std::size_t first_end = std::min(path.find_first_of(".["), path.size());
    const std::string_view first = path.substr(0, first_end);
    // As in the sandbox, where only an empty name counts by itself.
    if (first.empty() && !path.empty()) throw Failure("the format has no argument ''");
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
    unicode::next_char(text, after_fill);
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
    if (value.is_integral()) {
      if (field.type == 'c') {
        std::string text;
        unicode::append_char(
            text, static_cast<char32_t>(std::clamp<std::int64_t>(value.as_integer(), 0, 0x10FFFF)));
        return append_text(out, field, text);
      }
      if ((field.type != 0 && integers.find(field.type) == integers.npos) || field.precision >= 0) fail();
      return append_integer(out, field, value.as_big());
    }
    if ((!value.is_string() && !value.is_bool()) || (field.type != 0 && field.type != 's') ||
        field.align == '=' || field.grouping)
      fail();
    append_text(out, field, to_text(value));
  }

  const std::vector<Value>& positional_;
  const Value& named_;
  bool escapes_;  // what is put into markup
  std::size_t next_ = 0;
  enum class Numbering { unknown, automatic, manual } numbering_ = Numbering::unknown;
};

}  // namespace

std::string brace_format(const Text& format, const std::vector<Value>& positional, const Value& named) {
  return BraceFormat(positional, named, format.markup).run(format.bytes, 0);
}

}  // namespace kelvin::jinja
