#include "tokenizer/unicode/grapheme.h"

#include "tokenizer/unicode/tables.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::unicode {

namespace {

// The values of the table, and those computed. `linker`, `other_extend`: parts of Extend by
// Indic_Conjunct_Break.
enum class GraphemeBreak {
  other,
  cr,
  lf,
  control,
  extend,
  zwj,
  regional_indicator,
  prepend,
  spacing_mark,
  l,
  v,
  t,
  linker,
  other_extend,
  pictographic,
  consonant,
  lv,
  lvt
};
using enum GraphemeBreak;

GraphemeBreak break_of(char32_t code) {
  if (code >= 0x20 && code < 0x7F) return other;
  if (code >= 0xAC00 && code <= 0xD7A3) return (code - 0xAC00) % 28 == 0 ? lv : lvt;
  const tables::ClassRange* row = tables::row_of(tables::grapheme_breaks_17, code);
  return row ? static_cast<GraphemeBreak>(row->value) : other;
}

bool extends(GraphemeBreak kind) { return kind == extend || kind == linker || kind == other_extend; }

// What of a cluster so far decides about the next character.
struct Cluster {
  GraphemeBreak last = other;
  std::size_t indicators = 0;  // regional ones, all there is
  bool picture = false;        // a pictograph, then only what extends it
  bool conjunct = false;       // a consonant, then only linkers and extenders
  bool linked = false;         // with a linker among them

  void add(GraphemeBreak kind) {
    indicators = kind == regional_indicator ? indicators + 1 : 0;
    picture = kind == pictographic || (picture && last != zwj && (extends(kind) || kind == zwj));
    conjunct = kind == consonant || (conjunct && (kind == extend || kind == linker || kind == zwj));
    linked = kind != consonant && conjunct && (linked || kind == linker);
    last = kind;
  }

  // The rules GB3 to GB13.
  bool joins(GraphemeBreak next) const {
    if (last == cr) return next == lf;
    if (last == lf || last == control || next == cr || next == lf || next == control) return false;
    if (last == l && (next == l || next == v || next == lv || next == lvt)) return true;
    if ((last == lv || last == v) && (next == v || next == t)) return true;
    if ((last == lvt || last == t) && next == t) return true;
    if (extends(next) || next == zwj || next == spacing_mark || last == prepend) return true;
    if (linked && next == consonant) return true;
    if (picture && last == zwj && next == pictographic) return true;
    return next == regional_indicator && indicators == 1;
  }
};

}  // namespace

std::size_t grapheme_length(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  Cluster cluster;
  cluster.add(break_of(next_char(at)));
  while (at < end) {
    const char* after = at;
    const GraphemeBreak next = break_of(next_char(after));
    if (!cluster.joins(next)) break;
    cluster.add(next);
    at = after;
  }
  return static_cast<std::size_t>(at - text.data());
}

}  // namespace kelvin::unicode
