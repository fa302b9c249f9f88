// The filter pprint: Python's pprint.pformat for what a template holds, 80 columns wide.
#include <algorithm>

#include "tokenizer/jinja/filter_functions.h"
#include "tokenizer/jinja/repr.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

constexpr std::size_t width = 80;

// Dicts by their keys; keys that cannot be compared by the names of their types first, as pprint does.
std::vector<Entry> sorted_entries(const Dict& dict) {
  std::vector<Entry> entries = dict.entries();
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    const bool comparable =
        (a.first.is_number() && b.first.is_number()) || type_name(a.first) == type_name(b.first);
    return comparable && !a.first.is_none() ? less(a.first, b.first)
                                            : type_name(a.first) < type_name(b.first);
  });
  return entries;
}

Value sorted_within(const Value& value) {
  if (value.is_dict()) {
    std::vector<Entry> entries = sorted_entries(value.as_dict());
    for (Entry& entry : entries) entry.second = sorted_within(entry.second);
    return Value::dict(std::move(entries));
  }
  if (!value.is_sequence(SequenceKind::list) && !value.is_sequence(SequenceKind::tuple)) return value;
  std::vector<Value> items = value.as_sequence().items;
  for (Value& item : items) item = sorted_within(item);
  return Value::sequence(std::move(items), value.as_sequence().kind);
}

class PrettyPrinter {
 public:
  // `indent` columns stand before the value on its line, `allowance` are needed behind it.
  void print(const Value& value, std::size_t indent, std::size_t allowance) {
    const std::string plain = repr(value);
    const std::size_t room = width > indent + allowance ? width - indent - allowance : 0;
    if (unicode::count_chars(plain) <= room) return out_.append(plain);
    if (value.is_dict()) {
      const std::vector<Entry>& entries = value.as_dict().entries();
      print_items("{", "}", entries.size(), indent, allowance, [&](std::size_t i, std::size_t inner) {
        const std::string key = repr(entries[i].first);
        out_.append(key + ": ");
        print(entries[i].second, indent + 1 + unicode::count_chars(key) + 2, inner);
      });
    } else if (value.is_sequence(SequenceKind::list) || value.is_sequence(SequenceKind::tuple)) {
      const std::vector<Value>& items = value.as_sequence().items;
      const bool list = value.is_sequence(SequenceKind::list);
      print_items(list ? "[" : "(",
                  list                ? "]"
                  : items.size() == 1 ? ",)"
                                      : ")",
                  items.size(), indent, allowance,
                  [&](std::size_t i, std::size_t inner) { print(items[i], indent + 1, inner); });
    } else if (value.is_string() && !value.as_text().markup &&
               value.as_string().find_first_of(" \n\t\r") != std::string::npos) {
      throw Failure("pprint: texts of more than a line are not supported");
    } else {
      out_.append(plain);
    }
  }

  std::string take() { return out_.take(); }

 private:
  template <class Print>
  void print_items(std::string_view opening, std::string_view closing, std::size_t count, std::size_t indent,
                   std::size_t allowance, Print print_one) {
    out_.append(opening);
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_.append(",\n" + std::string(indent + 1, ' '));
      print_one(i, i + 1 == count ? allowance + closing.size() : 1);
    }
    out_.append(closing);
  }

  TextBuilder out_;
};

}  // namespace

Value filter_pprint(Call& call) {
  PrettyPrinter printer;
  printer.print(sorted_within(call.self), 0, 0);
  return printer.take();
}

}  // namespace kelvin::jinja
