#include "tokenizer/unicode/case.h"

#include <algorithm>
#include <unordered_map>

#include "tokenizer/unicode/tables.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::unicode {

namespace {

char32_t mapped(std::span<const tables::CaseRange> rows, char32_t code) {
  const tables::CaseRange* row = tables::row_of(rows, code);
  if (!row || (code - row->first) % row->step != 0) return code;
  return static_cast<char32_t>(static_cast<std::int32_t>(code) + row->shift);
}

void append_mapped(std::string& text, char32_t code, std::span<const tables::CaseRange> rows,
                   std::span<const tables::CaseExpansion> expansions) {
  const auto several =
      std::lower_bound(expansions.begin(), expansions.end(), code,
                       [](const tables::CaseExpansion& row, char32_t value) { return row.first < value; });
  if (several == expansions.end() || several->first != code) return append_char(text, mapped(rows, code));
  for (const char32_t part : several->to)
    if (part) append_char(text, part);
}

// Which characters fold to one: the inverse of the table, built once.
const std::unordered_map<char32_t, std::vector<char32_t>>& unfolding() {
  static const auto inverse = [] {
    std::unordered_map<char32_t, std::vector<char32_t>> sources;
    for (const tables::CaseRange& row : tables::folding_16)
      for (char32_t code = row.first; code <= row.last; code += row.step)
        sources[mapped({&row, 1}, code)].push_back(code);
    return sources;
  }();
  return inverse;
}

}  // namespace

char32_t lower_case(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return mapped(tables::lower_17, code);
}

void append_upper(std::string& text, char32_t code) {
  append_mapped(text, code, tables::upper_17, tables::upper_expansions_17);
}

void append_lower(std::string& text, char32_t code) {
  append_mapped(text, code, tables::lower_17, tables::lower_expansions_17);
}

void append_title(std::string& text, char32_t code) {
  append_mapped(text, code, tables::title_17, tables::title_expansions_17);
}

std::vector<char32_t> case_variants(char32_t code) {
  const char32_t folded = mapped(tables::folding_16, code);
  std::vector<char32_t> variants{folded};
  if (const auto found = unfolding().find(folded); found != unfolding().end())
    variants.insert(variants.end(), found->second.begin(), found->second.end());
  return variants;
}

bool folds_to_several(char32_t code) { return tables::row_of(tables::long_folding_16, code) != nullptr; }

}  // namespace kelvin::unicode
