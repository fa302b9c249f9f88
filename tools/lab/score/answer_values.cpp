#include "tools/lab/score/answer_values.h"

#include <cmath>
#include <cstdint>
#include <map>

#include "loaders/json/json_writer.h"
#include "sampling/chain_text.h"
#include "tokenizer/regex/char_set.h"
#include "tokenizer/regex/regex.h"
#include "tokenizer/unicode/utf8.h"
#include "tools/output/parse_number.h"

namespace kelvin {
namespace {

bool is_word(char32_t code) {
  static const regex::CharSet words = regex::word_set();
  return words.contains(code);
}

}  // namespace

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && is_word(unicode::last_char(text.substr(0, begin)))) return false;
  return end >= text.size() || !is_word(unicode::next_char(text, end));
}

std::optional<double> number_in_text(std::string_view text, bool last) {
  static const Regex pattern(
      R"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+)");
  std::optional<double> found;
  for (const RegexMatch& match : pattern.find_all(text)) {
    std::size_t begin = match.begin, digits = text.find_first_of(".0123456789", begin);
    if (!stands_alone(text, digits, match.end)) continue;
    // In "7-3" the sign is an operation.
    if (digits > begin && begin > 0 && is_word(unicode::last_char(text.substr(0, begin)))) begin = digits;
    std::string spelled(text.substr(begin, match.end - begin));
    std::erase(spelled, ',');
    if (spelled.front() == '+') spelled.erase(0, 1);
    const auto number = parse_real(spelled);
    if (!number) continue;
    found = number;
    if (!last) return found;
  }
  return found;
}

std::string canonical_json(JsonValue value) {
  if (value.is_object()) {
    std::map<std::string, std::string> members;
    for (const JsonMember& member : value.members())
      members.emplace(member.key, canonical_json(member.value));
    std::string text = "{";
    for (const auto& [key, of] : members) text += (text.size() > 1 ? "," : "") + json_string(key) + ":" + of;
    return text + "}";
  }
  if (value.is_array()) {
    std::string text = "[";
    for (const JsonValue item : value.items()) text += (text.size() > 1 ? "," : "") + canonical_json(item);
    return text + "]";
  }
  if (value.is_string()) return json_string(value.as_string());
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_null()) return "null";
  // Integers of 64 bits exactly; 2.0 is 2.
  if (value.is_integer()) {
    const double real = value.as_double();
    return real < 0 ? std::to_string(value.as_int()) : std::to_string(value.as_uint());
  }
  if (!value.long_integer().empty()) return std::string(value.long_integer());
  const double real = value.as_double();
  if (std::fabs(real) < 9007199254740992.0 && real == std::floor(real))
    return std::to_string(static_cast<std::int64_t>(real));
  return number_text(real);
}

}  // namespace kelvin
