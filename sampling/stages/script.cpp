#include "sampling/stages/script.h"

#include <algorithm>
#include <string>

#include "sampling/closest.h"
#include "tokenizer/base/user_error.h"
#include "tokenizer/unicode/scripts.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::sampling {

namespace {

// A number of its own for each piece of a character: up to three bytes, a lead byte only in front.
constexpr std::size_t n_piece_keys = std::size_t{1} << 21;
std::size_t piece_key(std::string_view piece) {
  std::size_t key = 1;
  for (const char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    key = unicode::is_continuation(c) ? key << 6 | (byte & 63) : key << 8 | byte;
  }
  return key;
}

std::vector<unicode::Range> ranges_of_script(std::string_view script) {
  const std::vector<std::string_view> names = unicode::script_names();
  const auto known = [&](std::string_view name) { return unicode::is_same_name(name, script); };
  if (std::none_of(names.begin(), names.end(), known)) {
    const std::string near = closest(script, {names.begin(), names.end()});
    throw UserError("unknown script \"" + std::string(script) + "\"" +
                    (near.empty() ? "; a Unicode script name such as Latin expected"
                                  : "; did you mean \"" + near + "\"?"));
  }
  std::vector<unicode::Range> ranges;
  for (const std::string_view name : {script, std::string_view("Common"), std::string_view("Inherited")}) {
    const std::vector<unicode::Range> more = *unicode::script_ranges(name);
    ranges.insert(ranges.end(), more.begin(), more.end());
  }
  std::sort(ranges.begin(), ranges.end(), [](auto a, auto b) { return a.first < b.first; });
  return ranges;
}

}  // namespace

ScriptText::ScriptText(std::string_view script) : ranges_(ranges_of_script(script)), pieces_(n_piece_keys) {
  for (const auto [first, last] : ranges_)
    for (char32_t code = std::max<char32_t>(first, 0x80); code <= last; ++code) {
      const std::string form = unicode::to_utf8(code);
      for (std::size_t begin = 0; begin < form.size(); ++begin)
        for (std::size_t n = 1; begin + n <= form.size() && n < form.size(); ++n)
          pieces_[piece_key(std::string_view(form).substr(begin, n))] = true;
    }
}

bool ScriptText::may_hold(std::string_view bytes) const {
  std::size_t at = 0;
  while (at < bytes.size() && unicode::is_continuation(bytes[at])) ++at;
  if (at > 3 || (at > 0 && !pieces_[piece_key(bytes.substr(0, at))])) return false;
  while (at < bytes.size()) {
    const unicode::Utf8Part part = unicode::utf8_part(bytes.substr(at));
    if (part.cut_short) return pieces_[piece_key(bytes.substr(at))];
    if (!part.valid || !unicode::tables::row_of<unicode::Range>(ranges_, unicode::next_char(bytes, at)))
      return false;
  }
  return true;
}

}  // namespace kelvin::sampling
