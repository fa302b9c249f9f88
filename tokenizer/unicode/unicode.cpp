#include "tokenizer/unicode/unicode.h"

#include <algorithm>
#include <span>
#include <string>
#include <unordered_map>

namespace kelvin {

namespace tables = unicode_tables;

namespace {

template <class Row>
const Row* row_of(const Row* rows, std::size_t count, char32_t code) {
  const Row* after = std::upper_bound(rows, rows + count, code,
                                      [](char32_t value, const Row& row) { return value < row.first; });
  return after != rows && code <= after[-1].last ? after - 1 : nullptr;
}

char32_t mapped(const tables::CaseRange* rows, std::size_t count, char32_t code) {
  const tables::CaseRange* row = row_of(rows, count, code);
  if (!row || (code - row->first) % row->step != 0) return code;
  return static_cast<char32_t>(static_cast<std::int32_t>(code) + row->shift);
}

// Which characters fold to one: the inverse of the table, built once.
const std::unordered_map<char32_t, std::vector<char32_t>>& unfolding() {
  static const auto inverse = [] {
    std::unordered_map<char32_t, std::vector<char32_t>> sources;
    for (const tables::CaseRange& row : std::span(tables::simple_folding, tables::simple_folding_count))
      for (char32_t code = row.first; code <= row.last; code += row.step)
        sources[mapped(&row, 1, code)].push_back(code);
    return sources;
  }();
  return inverse;
}

std::string loose(std::string_view name) {
  std::string plain;
  for (char c : name)
    if (c != ' ' && c != '_' && c != '-')
      plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return plain;
}

}  // namespace

bool is_whitespace(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13);
  const Category kind = category(code);
  return kind == Category::Zs || kind == Category::Zl || kind == Category::Zp || code == 0x85;
}

bool is_word(char32_t code) {
  switch (category(code)) {
    case Category::Lu:
    case Category::Ll:
    case Category::Lt:
    case Category::Lm:
    case Category::Lo:
    case Category::Mn:
    case Category::Mc:
    case Category::Me:
    case Category::Nd:
    case Category::Nl:
    case Category::Pc:
      return true;
    default:
      break;
  }
  // Other_Alphabetic among the symbols: circled, squared and negative letters.
  return (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
         (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189) || code == 0x200C ||
         code == 0x200D;
}

bool is_number(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return row_of(tables::numbers17, tables::numbers17_count, code) != nullptr;
}

bool is_punctuation(char32_t code) {
  if (code < 0x80)
    return (code >= '!' && code <= '/') || (code >= ':' && code <= '@') || (code >= '[' && code <= '`') ||
           (code >= '{' && code <= '~');
  return row_of(tables::punctuation8, tables::punctuation8_count, code) != nullptr;
}

bool is_mark(char32_t code) {
  return code >= 0x300 && row_of(tables::marks9, tables::marks9_count, code) != nullptr;
}

bool is_nonspacing(char32_t code) {
  return code >= 0x300 && row_of(tables::nonspacing9, tables::nonspacing9_count, code) != nullptr;
}

char32_t lower_case(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return mapped(tables::lowercase, tables::lowercase_count, code);
}

std::vector<char32_t> case_variants(char32_t code) {
  const char32_t folded = mapped(tables::simple_folding, tables::simple_folding_count, code);
  std::vector<char32_t> variants{folded};
  if (const auto found = unfolding().find(folded); found != unfolding().end())
    variants.insert(variants.end(), found->second.begin(), found->second.end());
  return variants;
}

bool folds_to_several(char32_t code) {
  return row_of(tables::long_folding, tables::long_folding_count, code) != nullptr;
}

std::optional<std::vector<CodeRange>> script_ranges(std::string_view name) {
  const std::string wanted = loose(name);
  for (std::size_t script = 0; script < tables::script_names_count; ++script) {
    if (wanted != loose(tables::script_names[script][0]) && wanted != loose(tables::script_names[script][1]))
      continue;
    std::vector<CodeRange> ranges;
    for (const tables::ClassRange& row : std::span(tables::scripts, tables::scripts_count))
      if (row.value == script) ranges.push_back({row.first, row.last});
    return ranges;
  }
  return std::nullopt;
}

}  // namespace kelvin
