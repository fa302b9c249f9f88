#include "tokenizer/pipeline/pretokenize.h"

#include <algorithm>
#include <utility>

#include "tokenizer/pipeline/normalizer.h"
#include "tokenizer/pipeline/script_runs.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/properties.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

// GPT-2's own split (Radford et al. 2019).
constexpr std::string_view gpt2_words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

struct Part {
  std::size_t begin, end;
  bool matched;
};

Piece part_of(const Piece& piece, std::size_t begin, std::size_t end) {
  return {piece.begin + begin, piece.begin + end, part_of_origin(piece.origin, begin, end)};
}

// Turns the alternation of matches and what lies between into pieces, as the behaviour says. Offsets are
// relative to `origin`.
void join_parts(std::vector<Part>& parts, SplitBehavior behavior, const Piece& origin,
                std::vector<Piece>& pieces) {
  std::vector<Part> joined;
  bool previous = false;
  switch (behavior) {
    case SplitBehavior::isolated:
      joined.swap(parts);
      break;
    case SplitBehavior::removed:
      for (const Part part : parts)
        if (!part.matched) joined.push_back(part);
      break;
    case SplitBehavior::contiguous:
    case SplitBehavior::merged_with_previous:
      for (const Part part : parts) {
        const bool joins =
            behavior == SplitBehavior::contiguous ? part.matched == previous : part.matched && !previous;
        if (joins && !joined.empty())
          joined.back().end = part.end;
        else
          joined.push_back(part);
        previous = part.matched;
      }
      break;
    case SplitBehavior::merged_with_next:
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (part->matched && !previous && !joined.empty())
          joined.back().begin = part->begin;
        else
          joined.push_back(*part);
        previous = part->matched;
      }
      std::reverse(joined.begin(), joined.end());
  }
  for (const Part part : joined)
    if (part.end > part.begin) pieces.push_back(part_of(origin, part.begin, part.end));
}

std::vector<Part> parts_of(std::string_view text, const std::vector<RegexMatch>& matches, bool invert) {
  std::vector<Part> parts;
  std::size_t done = 0;
  for (const RegexMatch match : matches) {
    if (done != match.begin) parts.push_back({done, match.begin, invert});
    parts.push_back({match.begin, match.end, !invert});
    done = match.end;
  }
  if (done != text.size()) parts.push_back({done, text.size(), invert});
  return parts;
}

bool is_digit(char32_t code) { return unicode::is_number(code); }

}  // namespace

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerSpec>& specs, bool keep_bytes) {
  for (std::size_t i = 0; i < specs.size(); ++i) add(specs[i], i + 1 == specs.size(), keep_bytes);
}

void PreTokenizer::add(const PreTokenizerSpec& spec, bool last, bool keep_bytes) {
  if (const auto* split = std::get_if<SplitPattern>(&spec)) {
    steps_.push_back(Cut{split->pattern.regex(), split->behavior, split->invert});
  } else if (const auto* words = std::get_if<ByteLevelWords>(&spec)) {
    if (words->add_prefix_space) steps_.push_back(AddSpace{});
    if (words->use_regex) steps_.push_back(Cut{Regex(gpt2_words), SplitBehavior::isolated, false});
    if (!last || !keep_bytes) steps_.push_back(MapBytes{});
  } else if (const auto* metaspace = std::get_if<MetaspaceWords>(&spec)) {
    steps_.push_back(Metaspace{metaspace->replacement, metaspace->prepend_scheme});
    if (metaspace->split)
      steps_.push_back(Cut{Regex::literal(metaspace->replacement), SplitBehavior::merged_with_next, false});
  } else if (const auto* digits = std::get_if<SplitDigits>(&spec)) {
    steps_.push_back(
        CharCut{is_digit, digits->individual ? SplitBehavior::isolated : SplitBehavior::contiguous});
  } else if (const auto* punctuation = std::get_if<SplitPunctuation>(&spec)) {
    steps_.push_back(CharCut{unicode::is_punctuation, punctuation->behavior});
  } else if (std::holds_alternative<WhitespaceWords>(spec)) {
    // Unlike elsewhere, the Latin-1 numbers are no word characters, and the joiners are.
    steps_.push_back(
        Cut{Regex(R"([\w\x{200C}\x{200D}]+|[^\w\x{200C}\x{200D}\s]+)"), SplitBehavior::removed, true});
  } else if (const auto* fixed = std::get_if<FixedLengthWords>(&spec)) {
    steps_.push_back(FixedLength{fixed->length});
  } else if (std::holds_alternative<SplitScripts>(spec)) {
    steps_.push_back(Scripts{});
  } else if (const auto* literals = std::get_if<SplitLiterals>(&spec)) {
    Literals step;
    for (const std::string& literal : literals->literals) step.trie.add(literal, 0);
    steps_.push_back(std::move(step));
  } else {
    steps_.push_back(CharCut{unicode::is_whitespace, SplitBehavior::removed});
    if (std::holds_alternative<BertWords>(spec))
      steps_.push_back(CharCut{unicode::is_punctuation, SplitBehavior::isolated});
  }
}

namespace {

// One step over one piece: either adds pieces of the same text, or writes new text for it.
struct Cutter {
  std::string_view text;  // of the piece
  const Piece& piece;
  std::vector<Piece>& out;
  std::vector<RegexMatch>& matches;  // scratch

  void isolated(const std::vector<RegexMatch>& found) const {
    std::size_t done = 0;
    const auto put = [&](std::size_t begin, std::size_t end) {
      if (end > begin) out.push_back(part_of(piece, begin, end));
    };
    for (const RegexMatch match : found) {
      put(done, match.begin);
      put(match.begin, match.end);
      done = match.end;
    }
    put(done, text.size());
  }

  template <class CutStep>
  void pattern(const CutStep& cut) const {
    matches.clear();
    cut.pattern.find_all(text, matches);
    if (cut.behavior == SplitBehavior::isolated) return isolated(matches);
    std::vector<Part> parts = parts_of(text, matches, cut.invert);
    join_parts(parts, cut.behavior, piece, out);
  }

  void chars(bool (*holds)(char32_t), SplitBehavior behavior) const {
    matches.clear();
    for (const char *at = text.data(), *end = at + text.size(); at < end;) {
      const char* const begin = at;
      if (holds(unicode::next_char(at)))
        matches.push_back(
            {static_cast<std::size_t>(begin - text.data()), static_cast<std::size_t>(at - text.data())});
    }
    std::vector<Part> parts = parts_of(text, matches, false);
    join_parts(parts, behavior, piece, out);
  }

  void scripts() const {
    matches.clear();
    script_runs(text, matches);
    for (const RegexMatch run : matches) out.push_back(part_of(piece, run.begin, run.end));
  }

  void literals(const LiteralTrie& trie) const {
    matches.clear();
    for (std::size_t at = 0; at < text.size();) {
      const LiteralTrie::Found found = trie.longest(text.substr(at));
      if (found.value >= 0) matches.push_back({at, at + found.length});
      at += found.value >= 0 ? found.length : 1;
    }
    isolated(matches);
  }

  void fixed(std::size_t length) const {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = begin + unicode::prefix_of_chars(text.substr(begin), length);
      out.push_back(part_of(piece, begin, end));
      begin = end;
    }
  }
};

// Appends what Metaspace makes of a piece; how many bytes of it are the front of the whole input then.
std::size_t add_with_metaspace(std::string_view text, std::string_view replacement, PrependScheme scheme,
                               std::size_t origin, std::string& out) {
  const bool marked = text.starts_with(replacement) || text.starts_with(' ');
  std::size_t kept = 0;
  if (!marked && (scheme == PrependScheme::always || (scheme == PrependScheme::first && origin > 0))) {
    out += replacement;
    if (origin > 0) kept = replacement.size();
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t before = out.size();
    if (text[at] == ' ')
      out += replacement;
    else
      out += text[at];
    if (at < origin) kept += out.size() - before;
  }
  return kept;
}

}  // namespace

void PreTokenizer::run(std::string_view text, std::size_t origin, PieceList& list) const {
  list.text = text;
  list.pieces.clear();
  if (!text.empty()) list.pieces.push_back({0, text.size(), origin});
  std::vector<Piece> next;
  std::vector<RegexMatch> matches;
  std::string rewritten;
  for (const Step& step : steps_) {
    next.clear();
    rewritten.clear();
    for (const Piece& piece : list.pieces) {
      const std::string_view part = list.text.substr(piece.begin, piece.end - piece.begin);
      const Cutter cutter{part, piece, next, matches};
      if (const auto* cut = std::get_if<Cut>(&step)) {
        cutter.pattern(*cut);
      } else if (const auto* chars = std::get_if<CharCut>(&step)) {
        cutter.chars(chars->holds, chars->behavior);
      } else if (const auto* fixed = std::get_if<FixedLength>(&step)) {
        cutter.fixed(fixed->length);
      } else if (std::holds_alternative<Scripts>(step)) {
        cutter.scripts();
      } else if (const auto* literals = std::get_if<Literals>(&step)) {
        cutter.literals(literals->trie);
      } else {
        const std::size_t begin = rewritten.size();
        std::size_t left = piece.origin;
        if (const auto* metaspace = std::get_if<Metaspace>(&step)) {
          left = add_with_metaspace(part, metaspace->replacement, metaspace->prepend_scheme, left, rewritten);
        } else if (std::holds_alternative<MapBytes>(step)) {
          rewritten += unicode::bytes_to_text(part.substr(0, left));
          const std::size_t front = rewritten.size() - begin;
          rewritten += unicode::bytes_to_text(part.substr(left));
          left = front;
        } else {
          if (!part.starts_with(' ')) {
            rewritten += ' ';
            left += left > 0;
          }
          rewritten += part;
        }
        next.push_back({begin, rewritten.size(), left});
      }
    }
    list.pieces.swap(next);
    if (std::holds_alternative<Metaspace>(step) || std::holds_alternative<MapBytes>(step) ||
        std::holds_alternative<AddSpace>(step)) {
      list.buffer.swap(rewritten);
      list.text = list.buffer;
    }
  }
}

}  // namespace kelvin::tokenizer
