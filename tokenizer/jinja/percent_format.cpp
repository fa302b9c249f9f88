// "%s" % value and the filter `format`.
#include <algorithm>

#include "tokenizer/jinja/field.h"
#include "tokenizer/jinja/number_text.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/jinja/text.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

constexpr std::int64_t max_star = 1'000'000'000;

class PercentFormat {
 public:
  PercentFormat(std::string_view format, bool escapes, const Value& value)
      : format_(format), escapes_(escapes), value_(value) {
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
    if (!number.is_integral() || number.as_integer() < -max_star || number.as_integer() > max_star)
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
    if (field.type == 's') return append_text(out_, field, escapes_ ? escaped(value) : to_text(value));
    if (field.type == 'r') return append_text(out_, field, beside_markup(repr(value)));
    if (field.type == 'a') return append_text(out_, field, beside_markup(ascii_repr(value)));
    if (field.type == 'c' && escapes_) throw Failure("%c needs a character");
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
    const std::optional<Value> integer = value.is_real() ? truncated(value.as_number()) : value;
    if (!integer) throw Failure("NaN is not an integer");
    append_integer(out_, field, integer->as_big());
  }

  std::string beside_markup(const std::string& text) const { return escapes_ ? escape_html(text) : text; }

  void print_character(const Field& field, const Value& value) {
    if (value.is_string() && value.as_text().length == 1) return append_text(out_, field, value.as_string());
    if (!value.is_integral() || value.as_integer() < 0 || value.as_integer() > 0x10FFFF)
      throw Failure("%c needs a character");
    std::string text;
    unicode::append_char(text, static_cast<char32_t>(value.as_integer()));
    append_text(out_, field, text);
  }

  std::string_view format_;
  bool escapes_;  // what is put into markup
  const Value& value_;
  std::vector<Value> arguments_;
  std::size_t at_ = 0, next_ = 0;
  TextBuilder out_;
};

}  // namespace

std::string percent_format(std::string_view format, const Value& value, bool markup) {
  return PercentFormat(format, markup, value).run();
}

}  // namespace kelvin::jinja
