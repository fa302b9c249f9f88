#include "tokenizer/jinja/text.h"

#include <algorithm>
#include <cstdint>

#include "tokenizer/jinja/budget.h"
#include "tokenizer/jinja/characters.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::jinja {

namespace {

// Knuth, Morris and Pratt (1977): linear whatever the strings, which std::string_view::find is not.
std::size_t find_long(std::string_view text, std::string_view needle, std::size_t from) {
  spend((needle.size() + text.size() - from) / 8);
  afford(needle.size(), sizeof(std::uint32_t));
  std::vector<std::uint32_t> border(needle.size(), 0);
  for (std::size_t i = 1, k = 0; i < needle.size(); ++i) {
    while (k > 0 && needle[i] != needle[k]) k = border[k - 1];
    if (needle[i] == needle[k]) ++k;
    border[i] = static_cast<std::uint32_t>(k);
  }
  for (std::size_t i = from, k = 0; i < text.size(); ++i) {
    while (k > 0 && text[i] != needle[k]) k = border[k - 1];
    if (text[i] == needle[k]) ++k;
    if (k == needle.size()) return i + 1 - k;
  }
  return not_found;
}

constexpr std::size_t long_needle = 48;

bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool contains(std::string_view characters, std::string_view one) {
  for (std::size_t at = 0; at < characters.size();) {
    const std::size_t start = at;
    unicode::next_char(characters, at);
    if (characters.substr(start, at - start) == one) return true;
  }
  return false;
}

template <class Change>
std::string changed(std::string_view text, Change change) {
  spend_scan(text.size() * 16);
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    change(result, unicode::next_char(text, at), start);
    if (result.size() == result.capacity()) afford(2 * result.size());
  }
  return result;
}

constexpr char32_t capital_sigma = 0x3A3;

// A capital sigma that ends a word becomes the final form.
void append_lower_at(std::string& result, char32_t c, std::string_view text, std::size_t start) {
  if (c != capital_sigma) return unicode::append_lower(result, c);
  std::size_t after = start + 2;
  const bool preceded = start > 0 && [&] {
    std::size_t before = unicode::last_char_begin(text.substr(0, start));
    return unicode::is_letter(unicode::next_char(text, before));
  }();
  const bool followed = after < text.size() && unicode::is_letter(unicode::next_char(text, after));
  unicode::append_char(result, preceded && !followed ? 0x3C2 : 0x3C3);
}

}  // namespace

std::size_t find(std::string_view text, std::string_view needle, std::size_t from) {
  if (from > text.size()) return not_found;
  spend_scan(text.size() - from);
  const std::size_t at =
      needle.size() > long_needle ? find_long(text, needle, from) : text.find(needle, from);
  return at == std::string_view::npos ? not_found : at;
}

std::size_t find_last(std::string_view text, std::string_view needle) {
  spend_scan(text.size());
  if (needle.size() > long_needle) {
    afford(2 * text.size());
    const std::vector<std::size_t> all =
        find_all(std::string(text.rbegin(), text.rend()), std::string(needle.rbegin(), needle.rend()), 1);
    return all.empty() ? not_found : text.size() - needle.size() - all[0];
  }
  const std::size_t at = text.rfind(needle);
  return at == std::string_view::npos ? not_found : at;
}

std::vector<std::size_t> find_all(std::string_view text, std::string_view needle, std::size_t limit) {
  spend_scan(text.size());
  std::vector<std::size_t> places;
  Charge charge;
  const auto add = [&](std::size_t place) {
    charge.grow(sizeof place);
    places.push_back(place);
  };
  if (needle.empty()) {
    for (std::size_t at = 0; places.size() < limit; unicode::next_char(text, at)) {
      add(at);
      if (at >= text.size()) break;
    }
    return places;
  }
  const auto find_once = [&](std::size_t from) {
    return needle.size() > long_needle ? find_long(text, needle, from) : text.find(needle, from);
  };
  for (std::size_t at = 0; places.size() < limit; at += needle.size()) {
    at = find_once(at);
    if (at == not_found) break;
    spend_scan(needle.size());
    add(at);
  }
  return places;
}

std::string replace(std::string_view text, std::string_view old, std::string_view by, std::size_t limit) {
  const std::vector<std::size_t> places = find_all(text, old, limit);
  afford(places.size(), by.size());
  afford(text.size());
  std::string result;
  result.reserve(text.size() - places.size() * old.size() + places.size() * by.size());
  std::size_t done = 0;
  for (const std::size_t place : places) {
    result.append(text, done, place - done).append(by);
    done = place + old.size();
  }
  return result.append(text, done);
}

std::string repeat(std::string_view text, std::size_t times) {
  if (text.empty()) return {};
  afford(times, text.size());
  std::string result;
  result.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string_view strip(std::string_view text, Side side, std::optional<std::string_view> characters) {
  const auto strips = [&](std::size_t start, std::size_t end) {
    if (characters) {
      spend_scan(characters->size());
      return contains(*characters, text.substr(start, end - start));
    }
    return is_space(unicode::next_char(text, start));
  };
  std::size_t first = 0, last = text.size();
  while (side != Side::right && first < last) {
    std::size_t next = first;
    unicode::next_char(text, next);
    if (!strips(first, next)) break;
    first = next;
  }
  while (side != Side::left && last > first) {
    const std::size_t before = unicode::last_char_begin(text.substr(0, last));
    if (!strips(before, last)) break;
    last = before;
  }
  spend((text.size() - (last - first)) / 4);
  return text.substr(first, last - first);
}

std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator,
                               std::size_t limit) {
  std::vector<std::string> parts;
  Charge charge;
  const auto add = [&](std::string_view part) {
    charge.grow(sizeof(std::string) + part.size());
    parts.emplace_back(part);
  };
  if (separator) {
    std::size_t done = 0;
    for (const std::size_t place : find_all(text, *separator, limit)) {
      add(text.substr(done, place - done));
      done = place + separator->size();
    }
    add(text.substr(done));
    return parts;
  }
  for (text = strip(text, Side::left); !text.empty(); text = strip(text, Side::left)) {
    if (parts.size() == limit) {
      add(text);
      break;
    }
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size(); end = at)
      if (is_space(unicode::next_char(text, at))) break;
    spend_scan(end);
    add(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

std::vector<std::string> split_right(std::string_view text, std::optional<std::string_view> separator,
                                     std::size_t limit) {
  std::vector<std::string> parts;
  Charge charge;
  while (!text.empty() || separator) {
    if (!separator) text = strip(text, Side::right);
    if (!separator && text.empty()) break;
    std::size_t end = not_found, start = 0;  // of the separator and of the part after it
    if (parts.size() < limit && separator) {
      end = text.rfind(*separator);
      if (end != std::string_view::npos) start = end + separator->size();
    } else if (parts.size() < limit) {
      start = text.size();
      while (start > 0) {
        std::size_t at = unicode::last_char_begin(text.substr(0, start));
        const std::size_t before = at;
        if (is_space(unicode::next_char(text, at))) break;
        start = before;
      }
      end = start == 0 ? not_found : start;
    }
    spend_scan(text.size() - start);
    charge.grow(sizeof(std::string) + text.size() - start);
    parts.emplace_back(text.substr(start));
    if (end == not_found) break;
    text = text.substr(0, end);
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> split_lines(std::string_view text, bool keep_ends) {
  spend_scan(text.size() * 4);
  std::vector<std::string> lines;
  std::size_t start = 0;
  Charge charge;
  const auto add = [&](std::size_t end) {
    charge.grow(sizeof(std::string) + end - start);
    lines.emplace_back(text.substr(start, end - start));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at;
    const char32_t c = unicode::next_char(text, at);
    if (!is_line_end(c)) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    add(keep_ends ? at : end);
    start = at;
  }
  if (start < text.size()) add(text.size());
  return lines;
}

std::string upper(std::string_view text) {
  return changed(text,
                 [](std::string& result, char32_t c, std::size_t) { unicode::append_upper(result, c); });
}

std::string lower(std::string_view text) {
  return changed(text, [&](std::string& result, char32_t c, std::size_t start) {
    append_lower_at(result, c, text, start);
  });
}

std::string capitalize(std::string_view text) {
  return changed(text, [&](std::string& result, char32_t c, std::size_t start) {
    if (start == 0)
      unicode::append_title(result, c);
    else
      append_lower_at(result, c, text, start);
  });
}

std::string title(std::string_view text) {
  bool after_letter = false;
  return changed(text, [&](std::string& result, char32_t c, std::size_t start) {
    if (after_letter)
      append_lower_at(result, c, text, start);
    else
      unicode::append_title(result, c);
    after_letter = is_cased(c);
  });
}

std::string swap_case(std::string_view text) {
  return changed(text, [&](std::string& result, char32_t c, std::size_t start) {
    if (unicode::is_uppercase(c))
      append_lower_at(result, c, text, start);
    else if (unicode::is_lowercase(c))
      unicode::append_upper(result, c);
    else
      unicode::append_char(result, c);  // title case is neither
  });
}

std::string case_fold(std::string_view text) {
  return changed(text, [](std::string& result, char32_t c, std::size_t) {
    // Lower case of the upper case, but for Cherokee, which folds to its capitals, the dotless i and the capital sharp s.
    if (c == 0x1E9E) {
      result += "ss";
    } else if (c == 0x131 || (c >= 0x13A0 && c <= 0x13F5)) {
      unicode::append_char(result, c);
    } else if ((c >= 0x13F8 && c <= 0x13FD) || (c >= 0xAB70 && c <= 0xABBF)) {
      unicode::append_char(result, c < 0x2000 ? c - 8 : c - 0xAB70 + 0x13A0);
    } else {
      std::string upper;
      unicode::append_upper(upper, c);
      for (std::size_t at = 0; at < upper.size();)
        unicode::append_lower(result, unicode::next_char(upper, at));
    }
  });
}

std::size_t byte_offset(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; characters > 0 && at < text.size(); --characters) unicode::next_char(text, at);
  spend(at / 8);
  return at;
}

std::string escape_html(std::string_view text) {
  return changed(text, [](std::string& result, char32_t c, std::size_t) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '\'':
        result += "&#39;";
        break;
      case '"':
        result += "&#34;";
        break;
      default:
        unicode::append_char(result, c);
    }
  });
}

}  // namespace kelvin::jinja
