#include "tokenizer/unicode/scripts.h"

#include <string>

namespace kelvin::unicode {

namespace {

std::string plain_name(std::string_view name) {
  std::string plain;
  for (char c : name)
    if (c != ' ' && c != '_' && c != '-')
      plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return plain;
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) { return plain_name(a) == plain_name(b); }

std::optional<std::vector<Range>> script_ranges(std::string_view name) {
  for (std::size_t script = 0; script < tables::script_names_16.size(); ++script) {
    const tables::ScriptName& known = tables::script_names_16[script];
    if (!is_same_name(name, known.code) && !is_same_name(name, known.name)) continue;
    std::vector<Range> ranges;
    for (const tables::ClassRange& row : tables::scripts_16)
      if (row.value == script) ranges.push_back({row.first, row.last});
    return ranges;
  }
  return std::nullopt;
}

std::vector<std::string_view> script_names() {
  std::vector<std::string_view> names;
  for (const tables::ScriptName& known : tables::script_names_16) names.push_back(known.name);
  return names;
}

}  // namespace kelvin::unicode
