// json.dumps(), the tojson filter's work.
#include <algorithm>
#include <cmath>

#include "tokenizer/jinja/repr.h"
#include "tokenizer/unicode/escape.h"

namespace kelvin::jinja {

namespace {

class JsonPrinter {
 public:
  explicit JsonPrinter(const JsonStyle& style) : style_(style) {}

  void print(const Value& value) {
    spend();
    switch (value.kind()) {
      case Value::Kind::none:
        return out_.append("null");
      case Value::Kind::boolean:
        return out_.append(value.as_bool() ? "true" : "false");
      case Value::Kind::integer:
        return out_.append(std::to_string(value.as_integer()));
      case Value::Kind::big:
        return out_.append(value.as_big().text());
      case Value::Kind::real:
        return out_.append(number(value.as_number()));
      case Value::Kind::string:
        return print_string(value.as_string());
      case Value::Kind::dict:
        return print_dict(value.as_dict());
      case Value::Kind::sequence: {
        const SequenceKind kind = value.as_sequence().kind;
        if (kind == SequenceKind::list || kind == SequenceKind::tuple || kind == SequenceKind::group)
          return print_all("[]", value.as_sequence().items, [&](const Value& item) { print(item); });
        break;
      }
      default:
        break;
    }
    throw Failure("a " + type_name(value) + " cannot be written as JSON");
  }

  std::string take() { return out_.take(); }

 private:
  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return real_text(value);
  }

  void new_line() {
    if (!style_.indent) return;
    out_.append("\n");
    for (int i = 0; i < depth_; ++i) out_.append(*style_.indent);
  }

  // Each of `items` by `print_one`, on a line of its own where there is an indent.
  template <class Items, class Print>
  void print_all(std::string_view brackets, const Items& items, Print print_one) {
    out_.append(brackets.substr(0, 1));
    ++depth_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.append(style_.item_separator);
      new_line();
      print_one(items[i]);
    }
    --depth_;
    if (!items.empty()) new_line();
    out_.append(brackets.substr(1));
  }

  void print_dict(const Dict& dict) {
    std::vector<const Entry*> entries;
    for (const Entry& entry : dict.entries()) entries.push_back(&entry);
    if (style_.sort_keys)
      std::stable_sort(entries.begin(), entries.end(),
                       [](const Entry* a, const Entry* b) { return less(a->first, b->first); });
    print_all("{}", entries, [&](const Entry* entry) {
      print_key(entry->first);
      out_.append(style_.key_separator);
      print(entry->second);
    });
  }

  void print_key(const Value& key) {
    if (key.is_string()) return print_string(key.as_string());
    if (!key.is_none() && !key.is_number()) throw Failure("a " + type_name(key) + " cannot be a key in JSON");
    out_.append("\"");
    print(key);
    out_.append("\"");
  }

  void print_string(std::string_view text) {
    out_.append("\"");
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t start = at;
      const char32_t c = unicode::next_char(text, at);
      if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x7F || !style_.ascii)) continue;
      out_.append(text.substr(done, start - done));
      print_escape(c);
      done = at;
    }
    out_.append(text.substr(done));
    out_.append("\"");
  }

  void print_escape(char32_t c) {
    static constexpr std::string_view plain = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
    const std::size_t known = c < 0x80 ? plain.find(static_cast<char>(c)) : plain.npos;
    if (known != plain.npos) return out_.append(std::string{'\\', letters[known]});
    if (c < 0x10000) return print_unit(c);
    print_unit(0xD800 + ((c - 0x10000) >> 10));
    print_unit(0xDC00 + ((c - 0x10000) & 0x3FF));
  }

  void print_unit(char32_t unit) { out_.append("\\u" + unicode::hex(unit, 4)); }

  const JsonStyle& style_;
  TextBuilder out_;
  int depth_ = 0;
};

}  // namespace

std::string to_json(const Value& value, const JsonStyle& style) {
  JsonPrinter printer(style);
  printer.print(value);
  return printer.take();
}

}  // namespace kelvin::jinja
