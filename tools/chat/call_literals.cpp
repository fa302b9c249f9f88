// Calls written as Python does it, or as "call:name{key:value}": both are words, brackets and literals.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "tokenizer/unicode/utf8.h"
#include "tools/chat/call_notations.h"
#include "tools/output/blanks.h"

namespace kelvin {
namespace {

class LiteralReader {
 public:
  LiteralReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::size_t at() const { return at_; }
  bool take(std::string_view what) {
    const std::size_t begin = text_.find_first_not_of(blank_bytes, at_);
    if (begin == text_.npos || !text_.substr(begin).starts_with(what)) return false;
    at_ = begin + what.size();
    return true;
  }
  std::string_view take_name() {
    take("");
    const std::string_view name = text_.substr(at_, name_extent(text_.substr(at_)));
    at_ += name.size();
    return name;
  }

  // key=value, ... up to `close`; the key may stand in quotes.
  std::optional<TemplateValue> members(std::string_view separator, std::string_view close) {
    std::vector<jinja::Entry> entries;
    while (!take(close)) {
      if (!entries.empty() && !take(",")) return std::nullopt;
      if (take(close)) break;
      auto key = string();
      if (!key) key = std::string(take_name());
      if (key->empty() || !take(separator)) return std::nullopt;
      auto item = value();
      if (!item) return std::nullopt;
      entries.emplace_back(*std::move(key), *std::move(item));
    }
    return TemplateValue::dict(std::move(entries));
  }

 private:
  static constexpr int deepest = 60;

  std::optional<TemplateValue> value() {
    if (depth_ >= deepest) return std::nullopt;
    ++depth_;
    auto found = any_value();
    --depth_;
    return found;
  }

  std::optional<TemplateValue> any_value() {
    if (auto text = string()) return TemplateValue(*std::move(text));
    if (take("{")) return members(":", "}");
    if (take("[")) return items("]");
    if (take("(")) return items(")");
    take("");
    const std::size_t end = std::min(text_.find_first_of(",:)]}= \t\r\n<", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    if (word == "true" || word == "True") return TemplateValue(true);
    if (word == "false" || word == "False") return TemplateValue(false);
    if (word == "null" || word == "None") return TemplateValue();
    return number(word);
  }

  static std::optional<TemplateValue> number(std::string_view word) {
    std::int64_t whole = 0;
    double real = 0;
    const char* const end = word.data() + word.size();
    // Neither "inf" nor "nan", which from_chars would take.
    if (word.find_first_of("0123456789") == word.npos) return std::nullopt;
    if (std::from_chars(word.data(), end, whole).ptr == end) return TemplateValue(whole);
    if (std::from_chars(word.data(), end, real).ptr == end) return TemplateValue(real);
    return std::nullopt;
  }

  std::optional<TemplateValue> items(std::string_view close) {
    std::vector<TemplateValue> list;
    while (!take(close)) {
      if (!list.empty() && !take(",")) return std::nullopt;
      if (take(close)) break;
      auto item = value();
      if (!item) return std::nullopt;
      list.push_back(*std::move(item));
    }
    return TemplateValue::list(std::move(list));
  }

  std::optional<std::string> string() {
    const std::size_t before = at_;
    for (const std::string_view quote : {"<|\"|>", "<escape>"})
      if (take(quote)) {
        const std::size_t end = text_.find(quote, at_);
        if (end == text_.npos) break;
        const std::size_t begin = std::exchange(at_, end + quote.size());
        return std::string(text_.substr(begin, end - begin));
      }
    at_ = before;
    for (const std::string_view quote : {"\"", "'"})
      if (take(quote)) {
        auto found = escaped(quote[0]);
        if (!found) at_ = before;
        return found;
      }
    return std::nullopt;
  }

  // Behind the quote, up to its end.
  std::optional<std::string> escaped(char quote) {
    std::string found;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) return found;
      if (c != '\\' || at_ >= text_.size()) {
        found += c;
        continue;
      }
      const char kind = text_[at_++];
      if (kind == 'n') {
        found += '\n';
      } else if (kind == 't') {
        found += '\t';
      } else if (kind == 'r') {
        found += '\r';
      } else if (kind == 'u' || kind == 'x') {
        const std::size_t digits = kind == 'u' ? 4 : 2;
        std::uint32_t code = 0;
        const char* const begin = text_.data() + at_;
        if (at_ + digits > text_.size() ||
            std::from_chars(begin, begin + digits, code, 16).ptr != begin + digits)
          return std::nullopt;
        unicode::append_char(found, code);
        at_ += digits;
      } else {
        found += kind;
      }
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_;
  int depth_ = 0;
};

std::optional<ToolCall> python_call(LiteralReader& reader) {
  std::string_view name = reader.take_name();
  // Llama's built-in tools.
  if (name.ends_with(".call")) name.remove_suffix(5);
  if (name.empty() || !reader.take("(")) return std::nullopt;
  auto arguments = reader.members("=", ")");
  if (!arguments) return std::nullopt;
  return ToolCall{std::string(name), *std::move(arguments)};
}

}  // namespace

std::size_t read_python_calls(std::string_view text, std::vector<ToolCall>& calls) {
  LiteralReader reader(text, 0);
  const bool in_list = reader.take("[");
  const std::size_t before = calls.size();
  std::size_t end = 0;
  for (;;) {
    auto call = python_call(reader);
    if (!call) break;
    calls.push_back(*std::move(call));
    end = reader.at();
    if (!reader.take(",") && in_list) break;
  }
  if (!in_list) return end;
  reader = LiteralReader(text, end);
  reader.take(",");
  if (calls.size() > before && reader.take("]")) return reader.at();
  calls.resize(before);
  return 0;
}

std::size_t read_colon_call(std::string_view text, std::vector<ToolCall>& calls) {
  constexpr std::string_view begin = "call:";
  if (!text.starts_with(begin)) return 0;
  LiteralReader reader(text, begin.size());
  const std::string_view name = reader.take_name();
  if (name.empty() || !reader.take("{")) return 0;
  auto arguments = reader.members(":", "}");
  if (!arguments) return 0;
  calls.push_back({std::string(name), *std::move(arguments)});
  return reader.at();
}

}  // namespace kelvin
