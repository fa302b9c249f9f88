#include "tokenizer/regex/char_set.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/scripts.h"

namespace kelvin::regex {

namespace tables = unicode::tables;
using unicode::Category;

CharSet CharSet::of(std::vector<unicode::Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](unicode::Range a, unicode::Range b) { return a.first < b.first; });
  CharSet set;
  for (const unicode::Range range : ranges) {
    if (!set.ranges_.empty() && range.first <= set.ranges_.back().last + 1)
      set.ranges_.back().last = std::max(set.ranges_.back().last, range.last);
    else
      set.ranges_.push_back(range);
  }
  return set;
}

void CharSet::add(const CharSet& other) {
  std::vector<unicode::Range> both = ranges_;
  both.insert(both.end(), other.ranges_.begin(), other.ranges_.end());
  *this = of(std::move(both));
}

CharSet CharSet::inverted() const {
  CharSet set;
  char32_t next = 0;
  for (const unicode::Range range : ranges_) {
    if (range.first > next) set.ranges_.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= last_code) set.ranges_.push_back({next, last_code});
  return set;
}

CharSet CharSet::intersected(const CharSet& other) const {
  CharSet set;
  for (auto a = ranges_.begin(), b = other.ranges_.begin(); a != ranges_.end() && b != other.ranges_.end();) {
    const char32_t first = std::max(a->first, b->first), last = std::min(a->last, b->last);
    if (first <= last) set.ranges_.push_back({first, last});
    ++(a->last < b->last ? a : b);
  }
  return set;
}

CharSet CharSet::with_case_variants() const {
  std::vector<unicode::Range> all = ranges_;
  const auto add_variants_of = [&](char32_t code) {
    if (!contains(code)) return;
    for (char32_t variant : unicode::case_variants(code)) all.push_back({variant, variant});
  };
  for (const tables::CaseRange& row : tables::folding_16)
    for (char32_t code = row.first; code <= row.last; code += row.step) {
      add_variants_of(code);
      add_variants_of(static_cast<char32_t>(static_cast<std::int32_t>(code) + row.shift));
    }
  return of(std::move(all));
}

bool CharSet::contains(char32_t code) const {
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), code,
                       [](char32_t value, unicode::Range range) { return value < range.first; });
  return after != ranges_.begin() && code <= after[-1].last;
}

namespace {

// The ranges of every category, from one walk over the tables.
const std::array<std::vector<unicode::Range>, 30>& category_ranges() {
  static const auto ranges = [] {
    std::array<std::vector<unicode::Range>, 30> by_category;
    for (char32_t code = 0; code <= CharSet::last_code;) {
      const char32_t first = code;
      const Category kind = unicode::category(first);
      while (code <= CharSet::last_code && unicode::category(code) == kind) ++code;
      by_category[static_cast<std::size_t>(kind)].push_back({first, code - 1});
    }
    return by_category;
  }();
  return ranges;
}

CharSet categories(std::initializer_list<Category> wanted) {
  std::vector<unicode::Range> all;
  for (const Category kind : wanted) {
    const std::vector<unicode::Range>& ranges = category_ranges()[static_cast<std::size_t>(kind)];
    all.insert(all.end(), ranges.begin(), ranges.end());
  }
  return CharSet::of(std::move(all));
}

CharSet joined(CharSet set, std::span<const unicode::Range> more) {
  set.add(CharSet::of({more.begin(), more.end()}));
  return set;
}

CharSet letters() {
  return categories({Category::Lu, Category::Ll, Category::Lt, Category::Lm, Category::Lo});
}
CharSet marks() { return categories({Category::Mn, Category::Mc, Category::Me}); }

CharSet punctuation() {
  return categories(
      {Category::Pc, Category::Pd, Category::Ps, Category::Pe, Category::Pi, Category::Pf, Category::Po});
}

CharSet alphabetic() {
  CharSet set = letters();
  set.add(categories({Category::Nl}));
  return joined(std::move(set), tables::other_alphabetic_16);
}

// Words are what is alphabetic, a mark, a digit or a connector.
CharSet word_characters() {
  CharSet set = alphabetic();
  set.add(marks());
  set.add(categories({Category::Nd, Category::Pc}));
  return set;
}

CharSet visible() {
  CharSet set = categories({Category::Cc, Category::Cn, Category::Cs});
  set.add(space_set());
  return set.inverted();
}

struct Named {
  std::string_view name, long_name;
  CharSet (*make)();
};

template <Category... kinds>
CharSet of_kind() {
  return categories({kinds...});
}

using enum unicode::Category;
constexpr Named properties[] = {
    {"l", "letter", letters},
    {"lc", "casedletter", of_kind<Lu, Ll, Lt>},
    {"lu", "uppercaseletter", of_kind<Lu>},
    {"ll", "lowercaseletter", of_kind<Ll>},
    {"lt", "titlecaseletter", of_kind<Lt>},
    {"lm", "modifierletter", of_kind<Lm>},
    {"lo", "otherletter", of_kind<Lo>},
    {"m", "mark", marks},
    {"mn", "nonspacingmark", of_kind<Mn>},
    {"mc", "spacingmark", of_kind<Mc>},
    {"me", "enclosingmark", of_kind<Me>},
    {"n", "number", of_kind<Nd, Nl, No>},
    {"nd", "decimalnumber", of_kind<Nd>},
    {"nl", "letternumber", of_kind<Nl>},
    {"no", "othernumber", of_kind<No>},
    {"p", "punctuation", punctuation},
    {"punct", "punct", punctuation},
    {"pc", "connectorpunctuation", of_kind<Pc>},
    {"pd", "dashpunctuation", of_kind<Pd>},
    {"ps", "openpunctuation", of_kind<Ps>},
    {"pe", "closepunctuation", of_kind<Pe>},
    {"pi", "initialpunctuation", of_kind<Pi>},
    {"pf", "finalpunctuation", of_kind<Pf>},
    {"po", "otherpunctuation", of_kind<Po>},
    {"s", "symbol", of_kind<Sm, Sc, Sk, So>},
    {"sm", "mathsymbol", of_kind<Sm>},
    {"sc", "currencysymbol", of_kind<Sc>},
    {"sk", "modifiersymbol", of_kind<Sk>},
    {"so", "othersymbol", of_kind<So>},
    {"z", "separator", of_kind<Zs, Zl, Zp>},
    {"zs", "spaceseparator", of_kind<Zs>},
    {"zl", "lineseparator", of_kind<Zl>},
    {"zp", "paragraphseparator", of_kind<Zp>},
    {"c", "other", of_kind<Cc, Cf, Cs, Co, Cn>},
    {"cc", "control", of_kind<Cc>},
    {"cntrl", "cntrl", of_kind<Cc>},
    {"cf", "format", of_kind<Cf>},
    {"cs", "surrogate", of_kind<Cs>},
    {"co", "privateuse", of_kind<Co>},
    {"cn", "unassigned", of_kind<Cn>},
    {"any", "any", [] { return CharSet(0, CharSet::last_code); }},
    {"assigned", "assigned", [] { return categories({Cn}).inverted(); }},
    {"ascii", "ascii", [] { return CharSet(0, 0x7F); }},
    {"alpha", "alphabetic", alphabetic},
    {"alnum", "alnum",
     [] {
       CharSet set = alphabetic();
       set.add(digit_set());
       return set;
     }},
    {"upper", "uppercase", [] { return joined(categories({Lu}), tables::other_uppercase_16); }},
    {"lower", "lowercase", [] { return joined(categories({Ll}), tables::other_lowercase_16); }},
    {"digit", "digit", digit_set},
    {"xdigit", "xdigit",
     [] {
       return CharSet::of({{'0', '9'}, {'A', 'F'}, {'a', 'f'}});
     }},
    {"space", "whitespace", space_set},
    {"blank", "blank",
     [] {
       return joined(categories({Zs}), std::array{unicode::Range{9, 9}});
     }},
    {"word", "word", word_characters},
    {"graph", "graph", visible},
    {"print", "print", [] { return joined(visible(), categories({Zs}).ranges()); }},
};

}  // namespace

CharSet digit_set() { return categories({Category::Nd}); }

CharSet space_set() {
  return joined(categories({Category::Zs, Category::Zl, Category::Zp}),
                std::array{unicode::Range{9, 13}, unicode::Range{0x85, 0x85}});
}

CharSet word_set() {
  return joined(word_characters(), std::array{unicode::Range{0xB2, 0xB3}, unicode::Range{0xB9, 0xB9},
                                              unicode::Range{0xBC, 0xBE}});
}

std::optional<CharSet> property_set(std::string_view name) {
  for (const Named& property : properties)
    if (unicode::is_same_name(name, property.name) || unicode::is_same_name(name, property.long_name))
      return property.make();
  if (auto ranges = unicode::script_ranges(name)) return CharSet::of(std::move(*ranges));
  return std::nullopt;
}

}  // namespace kelvin::regex
