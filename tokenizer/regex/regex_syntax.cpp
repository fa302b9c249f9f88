#include "tokenizer/regex/regex_syntax.h"

#include <utility>

#include "tokenizer/regex/regex_class.h"
#include "tokenizer/unicode/case.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::regex {

namespace {

using Kind = RegexNode::Kind;

RegexNode node(Kind kind, std::vector<RegexNode> children = {}) {
  return {.kind = kind, .children = std::move(children), .set = {}};
}

RegexNode one_of(CharSet set) { return {.kind = Kind::set, .children = {}, .set = std::move(set)}; }

RegexNode edge(bool ahead, CharSet set, bool border) {
  return {.kind = Kind::edge, .children = {}, .set = std::move(set), .ahead = ahead, .border = border};
}

CharSet any_char() { return CharSet(0, CharSet::last_code); }
CharSet newline() { return CharSet('\n', '\n'); }

RegexNode line_begin() {
  // Not behind the newline that ends the text.
  return node(Kind::alternation,
              {edge(false, {}, true),
               node(Kind::sequence, {edge(false, newline(), false), edge(true, any_char(), false)})});
}

RegexNode text_end_or_last_newline() {
  RegexNode last = node(Kind::look, {node(Kind::sequence, {one_of(newline()), edge(true, {}, true)})});
  return node(Kind::alternation, {edge(true, {}, true), std::move(last)});
}

RegexNode word_boundary(const CharSet& word, bool negated) {
  const CharSet other = word.inverted();
  const auto pair = [](const CharSet& before, bool before_border, const CharSet& behind, bool behind_border) {
    return node(Kind::sequence, {edge(false, before, before_border), edge(true, behind, behind_border)});
  };
  if (negated)
    return node(Kind::alternation, {pair(word, false, word, false), pair(other, true, other, true)});
  return node(Kind::alternation, {pair(word, false, other, true), pair(other, true, word, false)});
}

RegexNode any_newline() {
  return node(Kind::alternation,
              {node(Kind::sequence, {one_of(CharSet('\r', '\r')), one_of(newline())}),
               node(Kind::sequence, {one_of(CharSet('\r', '\r')), edge(true, newline().inverted(), true)}),
               one_of(CharSet::of({{'\n', '\f'}, {0x85, 0x85}, {0x2028, 0x2029}}))});
}

class Parser : RegexReader {
 public:
  Parser(std::string_view pattern, RegexOptions options) : RegexReader(pattern, options.ascii) {}

  RegexNode parse() {
    RegexNode whole = alternation();
    if (!at_end()) fail("unmatched ')'");
    return whole;
  }

 private:
  static constexpr int depth_limit = 200;

  RegexNode alternation() {
    if (++depth_ > depth_limit) fail("nested too deeply");
    const Options outer = options_;
    std::vector<RegexNode> branches{sequence()};
    while (take('|')) branches.push_back(sequence());
    options_ = outer;
    --depth_;
    return branches.size() == 1 ? std::move(branches[0]) : node(Kind::alternation, std::move(branches));
  }

  RegexNode sequence() {
    RegexNode made = node(Kind::sequence);
    previous_literal_ = 0;
    while (!at_end() && peek() != '|' && peek() != ')') {
      if (options_.extended && skip_comment()) continue;
      if (take("(?#")) {
        while (!take(')')) next("comment without end");
        continue;
      }
      made.children.push_back(repeated(atom()));
    }
    return made;
  }

  // Whitespace and # comments, as the option x has them.
  bool skip_comment() {
    const char32_t code = peek();
    if (code == '#') {
      while (!at_end() && peek() != '\n') next("");
      return true;
    }
    if (code != ' ' && !(code >= 9 && code <= 13)) return false;
    next("");
    return true;
  }

  RegexNode repeated(RegexNode target) {
    for (;;) {
      unsigned min = 0, max = RegexNode::unbounded;
      bool interval = false;
      if (take('?')) {
        max = 1;
      } else if (take('+')) {
        min = 1;
      } else if (!take('*')) {
        if (!take_interval(min, max)) return target;
        interval = true;
      }
      if (target.kind == Kind::edge || target.kind == Kind::look) fail("an assertion cannot be repeated");
      previous_literal_ = 0;
      RegexNode made = node(Kind::repeat, {std::move(target)});
      made.min = min;
      made.max = max;
      target = std::move(made);
      if (interval && min == max) {
        // a{n}? is an optional a{n}, and there are no possessive intervals.
        continue;
      }
      if (take('?'))
        target.lazy = true;
      else if (!interval && take('+'))
        target = possessive(std::move(target));
    }
  }

  bool take_interval(unsigned& min, unsigned& max) {
    const std::size_t start = position();
    const auto no_interval = [&] {
      rewind(start);
      return false;
    };
    if (!take('{')) return false;
    const bool has_min = take_number(min);
    if (!has_min) min = 0;
    max = min;
    bool has_max = has_min;
    if (take(',')) {
      max = RegexNode::unbounded;
      has_max = take_number(max);
    } else if (!has_min) {
      return no_interval();
    }
    if (!take('}') || (!has_min && !has_max)) return no_interval();
    if (max < min) fail("interval with its ends reversed");
    return true;
  }

  // What cannot be given back: for one set at most as many as there are is the same as "and then none
  // follows".
  RegexNode possessive(RegexNode repeat) {
    if (repeat.children[0].kind != Kind::set) return node(Kind::atomic, {std::move(repeat)});
    RegexNode none = edge(true, repeat.children[0].set.inverted(), true);
    if (repeat.max == 1) {
      RegexNode one = std::move(repeat.children[0]);
      return node(Kind::alternation, {std::move(one), std::move(none)});
    }
    return node(Kind::sequence, {std::move(repeat), std::move(none)});
  }

  RegexNode atom() {
    if (take('(')) {
      RegexNode group = parenthesis();
      previous_literal_ = 0;
      return group;
    }
    if (take('\\')) return escape();
    const char32_t code = peek();
    if (code == '[') {
      previous_literal_ = 0;
      next("");
      bool negated = false;
      CharSet set = read_char_class(*this, negated);
      if (options_.ignore_case) set = set.with_case_variants();
      return one_of(negated ? set.inverted() : set);
    }
    if (code == '*' || code == '+' || code == '?') fail("nothing to repeat");
    next("");
    if (code == '.') return one_of(options_.dot_all ? any_char() : newline().inverted());
    if (code == '^') return line_begin();
    if (code == '$') return edge(true, newline(), true);
    return literal(code);
  }

  RegexNode literal(char32_t code) {
    if (!options_.ignore_case) return one_of(CharSet(code, code));
    std::vector<unicode::Range> variants;
    for (char32_t variant : unicode::case_variants(code)) {
      // Full case folding would let sequences match; rather than leave those out silently:
      if (unicode::folds_to_several(variant))
        fail("case-insensitive characters that fold to several are not supported");
      variants.push_back({variant, variant});
    }
    const char32_t folded = unicode::lower_case(code);
    const std::u32string_view pairs[] = {U"ss", U"ff", U"fi", U"fl", U"st"};
    for (const std::u32string_view pair : pairs)
      if (previous_literal_ == pair[0] && folded == pair[1])
        fail("case-insensitive \"" + unicode::to_utf8(pair[0]) + unicode::to_utf8(pair[1]) +
             "\" (also a ligature) is not supported");
    previous_literal_ = folded;
    return one_of(CharSet::of(std::move(variants)));
  }

  RegexNode parenthesis() {
    if (!take('?')) return closed(alternation());
    if (take(':')) return closed(alternation());
    if (take('>')) return node(Kind::atomic, {closed(alternation())});
    if (take('=')) return look(true, false);
    if (take('!')) return look(true, true);
    if (take("<=")) return look(false, false);
    if (take("<!")) return look(false, true);
    if (take('<') || take('\'')) {
      while (next("group name without end") != '>' && last() != '\'')
        if (!unicode::is_word(last())) fail("bad group name");
      return closed(alternation());
    }
    return with_options();
  }

  RegexNode look(bool ahead, bool negated) {
    RegexNode body = closed(alternation());
    while (body.kind == Kind::sequence && body.children.size() == 1) {
      RegexNode only = std::move(body.children[0]);
      body = std::move(only);
    }
    if (body.kind == Kind::set) return edge(ahead, negated ? body.set.inverted() : body.set, negated);
    RegexNode made = node(Kind::look, {std::move(body)});
    made.ahead = ahead;
    made.negated = negated;
    return made;
  }

  RegexNode with_options() {
    const Options outer = options_;
    bool on = true;
    for (;;) {
      switch (next("group without end")) {
        case 'i':
          options_.ignore_case = on;
          break;
        case 'm':
          options_.dot_all = on;
          break;
        case 'x':
          options_.extended = on;
          break;
        case '-':
          on = false;
          break;
        case ':': {
          RegexNode group = closed(alternation());
          options_ = outer;
          return group;
        }
        case ')': {
          // (?i) reaches to the end of the group around it, alternatives included.
          RegexNode rest = alternation();
          options_ = outer;
          return rest;
        }
        default:
          fail("unknown kind of group");
      }
    }
  }

  RegexNode closed(RegexNode body) {
    if (!take(')')) fail("'(' without ')'");
    return body;
  }

  RegexNode escape() {
    const char32_t code = peek();
    if (std::u32string_view(U"bBAZzR").find(code) != std::u32string_view::npos) {
      next("");
      previous_literal_ = 0;
      if (code == 'A') return edge(false, {}, true);
      if (code == 'z') return edge(true, {}, true);
      if (code == 'Z') return text_end_or_last_newline();
      if (code == 'R') return any_newline();
      return word_boundary(known(word_set()), code == 'B');
    }
    CharSet set;
    if (read_set_escape(*this, false, set)) {
      previous_literal_ = 0;
      return one_of(std::move(set));
    }
    return literal(read_char_escape(*this));
  }

  struct Options {
    bool ignore_case = false, dot_all = false, extended = false;
  };
  Options options_;
  char32_t previous_literal_ = 0;  // folded, where the last atom was a case-insensitive literal
  int depth_ = 0;
};

}  // namespace

RegexNode parse_regex(std::string_view pattern, RegexOptions options) {
  return Parser(pattern, options).parse();
}

}  // namespace kelvin::regex
