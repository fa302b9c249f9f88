#include "tokenizer/unicode/normal_form.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::unicode {

namespace {

// Hangul syllables are computed (Unicode 16, 3.12).
constexpr char32_t syllable_base = 0xAC00, lead_base = 0x1100, vowel_base = 0x1161, tail_base = 0x11A7;
constexpr char32_t lead_count = 19, vowel_count = 21, tail_count = 28;
constexpr char32_t syllable_count = lead_count * vowel_count * tail_count;

struct Unit {
  char32_t code;
  std::uint8_t combining;  // Canonical_Combining_Class
};

std::uint8_t combining_class(char32_t code) {
  if (code < 0x300) return 0;
  const tables::ClassRange* row = tables::row_of(tables::combining_classes_9, code);
  return row ? row->value : std::uint8_t{0};
}

void decompose(char32_t code, bool compatible, std::vector<Unit>& units) {
  const auto put = [&](char32_t part) { units.push_back({part, combining_class(part)}); };
  if (code - syllable_base < syllable_count) {
    const char32_t index = code - syllable_base;
    put(lead_base + index / (vowel_count * tail_count));
    put(vowel_base + index % (vowel_count * tail_count) / tail_count);
    if (index % tail_count) put(tail_base + index % tail_count);
    return;
  }
  const tables::Decomposition* row = tables::row_of(tables::decompositions_9, code);
  if (!row) return put(code);
  const char32_t* begin =
      tables::decomposed_9 + row->begin + (code - row->first) * (row->n_canonical + row->n_compatible);
  std::size_t count = row->n_canonical;
  if (compatible && row->n_compatible) {
    begin += row->n_canonical;
    count = row->n_compatible;
  }
  if (count == 0) return put(code);
  for (std::size_t i = 0; i < count; ++i) put(begin[i]);
}

// 0 if the two do not compose.
char32_t composed(char32_t first, char32_t second) {
  if (first - lead_base < lead_count && second - vowel_base < vowel_count)
    return syllable_base + ((first - lead_base) * vowel_count + (second - vowel_base)) * tail_count;
  if (first - syllable_base < syllable_count && (first - syllable_base) % tail_count == 0 &&
      second - tail_base - 1 < tail_count - 1)
    return first + (second - tail_base);
  const auto row =
      std::lower_bound(tables::compositions_9.begin(), tables::compositions_9.end(), std::pair(first, second),
                       [](const tables::Composition& candidate, const std::pair<char32_t, char32_t>& pair) {
                         return std::pair(candidate.first, candidate.second) < pair;
                       });
  const bool found = row != tables::compositions_9.end() && row->first == first && row->second == second;
  return found ? row->composed : 0;
}

void order(std::vector<Unit>& units) {
  for (auto begin = units.begin(); begin != units.end();) {
    if (begin->combining == 0) {
      ++begin;
      continue;
    }
    auto end = std::find_if(begin, units.end(), [](const Unit& unit) { return unit.combining == 0; });
    std::stable_sort(begin, end, [](const Unit& a, const Unit& b) { return a.combining < b.combining; });
    begin = end;
  }
}

// In place; `units` is decomposed and ordered.
void compose(std::vector<Unit>& units) {
  std::size_t kept = 0;
  std::ptrdiff_t starter = -1;
  std::uint8_t last = 0;  // class of the last unit kept after the starter
  for (const Unit unit : units) {
    if (starter >= 0) {
      const bool adjacent = static_cast<std::ptrdiff_t>(kept) == starter + 1;
      // Blocked where something of the same or a higher class, or another starter, stands between.
      if (adjacent || (last != 0 && last < unit.combining)) {
        if (const char32_t whole = composed(units[static_cast<std::size_t>(starter)].code, unit.code)) {
          units[static_cast<std::size_t>(starter)].code = whole;
          continue;
        }
      }
    }
    if (unit.combining == 0) starter = static_cast<std::ptrdiff_t>(kept);
    last = unit.combining;
    units[kept++] = unit;
  }
  units.resize(kept);
}

}  // namespace

std::string normalize(std::string_view text, NormalForm form) {
  const bool composing = form == NormalForm::nfc || form == NormalForm::nfkc;
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  const unsigned attention = (composing ? 32u : 64u) | (compatible ? 128u : 0u);

  std::string out;
  std::vector<Unit> units;
  const char* const end = text.data() + text.size();
  const char* copied = text.data();  // everything before is in `out`
  const char* safe = copied;         // the last character before which a change cannot reach
  const char* at = copied;
  while (at < end) {
    const char* const begin = at;
    const char32_t code = next_char(at);
    if (code < 0xC0 && (code < 0x80 || !compatible)) {
      safe = begin;
      continue;
    }
    if (!(record_of(code) & attention)) {
      safe = begin;
      continue;
    }
    // Normalise from the last safe character to the next one.
    out.append(copied, safe);
    const char* stop = at;
    while (stop < end) {
      const char* after = stop;
      if (!(record_of(next_char(after)) & attention)) break;
      stop = after;
    }
    units.clear();
    for (const char* from = safe; from < stop;) decompose(next_char(from), compatible, units);
    order(units);
    if (composing) compose(units);
    for (const Unit& unit : units) append_char(out, unit.code);
    copied = safe = at = stop;
  }
  out.append(copied, end);
  return out;
}

}  // namespace kelvin::unicode
