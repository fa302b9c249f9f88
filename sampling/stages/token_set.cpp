#include "sampling/stages/token_set.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>

#include "sampling/stages/script.h"
#include "tokenizer/base/user_error.h"
#include "tokenizer/regex/regex.h"
#include "tokenizer/regex/regex_syntax.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::sampling {

namespace {

[[noreturn]] void refuse(std::string_view expression, const std::string& why) {
  throw UserError("token set \"" + std::string(expression) + "\": " + why);
}

template <class Test>
std::vector<int> tokens_where(const Vocabulary& vocabulary, Test test) {
  std::vector<int> ids;
  for (std::size_t id = 0; id < vocabulary.bytes.size(); ++id)
    if (!vocabulary.bytes[id].empty() && test(vocabulary.bytes[id])) ids.push_back(static_cast<int>(id));
  return ids;
}

// "13" or "14-20"
void add_ids(std::string_view part, std::string_view expression, std::vector<int>& ids) {
  constexpr int max = 1 << 24;
  int first = 0, last = 0;
  const char* end = part.data() + part.size();
  auto at = std::from_chars(part.data(), end, first);
  last = first;
  if (at.ec == std::errc{} && at.ptr != end && *at.ptr == '-') at = std::from_chars(at.ptr + 1, end, last);
  if (at.ec != std::errc{} || at.ptr != end || first < 0 || last < first || last >= max)
    refuse(expression, "token ids such as 13 or 14-20 expected, \"" + std::string(part) + "\" found");
  for (int id = first; id <= last; ++id) ids.push_back(id);
}

std::vector<int> by_ids(std::string_view list, std::string_view expression) {
  std::vector<int> ids;
  while (true) {
    const std::size_t comma = list.find(',');
    add_ids(list.substr(0, comma), expression, ids);
    if (comma == list.npos) break;
    list.remove_prefix(comma + 1);
  }
  return ids;
}

std::vector<int> by_regex(std::string_view pattern, std::string_view expression,
                          const Vocabulary& vocabulary) {
  try {
    const RegexFullMatch matches(pattern, {.ascii = true});
    return tokens_where(vocabulary, [&](std::string_view bytes) {
      if (unicode::is_utf8(bytes)) return matches(bytes);
      std::string text;
      unicode::append_lossy(text, bytes);
      return matches(text);
    });
  } catch (const RegexError& error) {
    refuse(expression, "bad regular expression: " + std::string(error.what()));
  }
}

// Walks the sorted vocabulary along the text from each of its positions, narrowing the range of tokens that
// still fit.
std::vector<int> occurring_in(std::string_view text, const Vocabulary& vocabulary) {
  std::vector<int> sorted;
  for (std::size_t id = 0; id < vocabulary.bytes.size(); ++id)
    if (!vocabulary.bytes[id].empty()) sorted.push_back(static_cast<int>(id));
  const auto bytes = [&](int id) -> std::string_view {
    return vocabulary.bytes[static_cast<std::size_t>(id)];
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](int a, int b) { return bytes(a) != bytes(b) ? bytes(a) < bytes(b) : a < b; });
  std::vector<char> found(vocabulary.bytes.size(), 0);
  for (std::size_t start = 0; start < text.size(); ++start) {
    auto low = sorted.begin(), high = sorted.end();
    for (std::size_t depth = 0; start + depth < text.size() && low != high; ++depth) {
      const auto next = static_cast<unsigned char>(text[start + depth]);
      const auto byte_at = [&](int id) {
        return depth < bytes(id).size() ? static_cast<unsigned char>(bytes(id)[depth]) : -1;
      };
      low = std::partition_point(low, high, [&](int id) { return byte_at(id) < next; });
      high = std::partition_point(low, high, [&](int id) { return byte_at(id) <= next; });
      for (auto it = low; it != high && bytes(*it).size() == depth + 1; ++it)
        found[static_cast<std::size_t>(*it)] = 1;
    }
  }
  std::vector<int> ids;
  for (std::size_t id = 0; id < found.size(); ++id)
    if (found[id]) ids.push_back(static_cast<int>(id));
  return ids;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::optional<std::string> content_of(std::string_view path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) return std::nullopt;
  std::ifstream file(std::string(path), std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) return std::nullopt;
  return text;
}

void check_exists(int id, const Vocabulary& vocabulary, std::string_view where) {
  const std::size_t count = std::max(vocabulary.bytes.size(), vocabulary.n_ids);
  if (count > 0 && static_cast<std::size_t>(id) >= count)
    throw UserError(std::string(where) + ": there is no token " + std::to_string(id) + "; ids go from 0 to " +
                    std::to_string(count - 1));
}

std::vector<int> token_set(std::string_view expression, const Vocabulary& vocabulary) {
  std::string_view rest = expression;
  std::vector<int> ids;
  if (take_prefix(rest, "id:")) {
    ids = by_ids(rest, expression);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    check_exists(ids.back(), vocabulary, "token set \"" + std::string(expression) + "\"");
    return ids;
  }
  if (vocabulary.bytes.empty()) refuse(expression, "needs a vocabulary; only id:... works without one");
  if (take_prefix(rest, "regex:")) {
    ids = by_regex(rest, expression, vocabulary);
  } else if (take_prefix(rest, "script:")) {
    const ScriptText script(rest);
    ids = tokens_where(vocabulary, [&](const std::string& bytes) { return script.may_hold(bytes); });
    std::erase_if(ids, [&](int id) {
      return std::binary_search(vocabulary.special.begin(), vocabulary.special.end(), id);
    });
  } else if (take_prefix(rest, "words:")) {
    refuse(expression, "depends on what is written before; only allow takes it");
  } else if (take_prefix(rest, "file:")) {
    const auto text = content_of(rest);
    if (!text) refuse(expression, "cannot read the file");
    ids = occurring_in(*text, vocabulary);
  } else {
    ids = tokens_where(vocabulary, [&](std::string_view bytes) {
      return bytes == rest || (bytes.size() == rest.size() + 1 && bytes[0] == ' ' && bytes.substr(1) == rest);
    });
    if (ids.empty()) {
      const auto text = content_of(rest);
      if (!text)
        refuse(
            expression,
            "no single token reads so, and no file is called so; use string-ban for text of several tokens");
      ids = occurring_in(*text, vocabulary);
    }
  }
  if (ids.empty()) refuse(expression, "no token of the vocabulary fits");
  return ids;
}

}  // namespace kelvin::sampling
