#include "tokenizer/pipeline/pretokenize.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {
namespace {

using Parts = std::vector<std::string>;

Parts parts_of(const std::vector<PreTokenizerSpec>& specs, const std::string& text, bool at_origin = true,
               bool keep_bytes = false) {
  PieceList list;
  PreTokenizer(specs, keep_bytes).run(text, at_origin && !text.empty(), list);
  Parts parts;
  for (const Piece& piece : list.pieces)
    parts.emplace_back(list.text.substr(piece.begin, piece.end - piece.begin));
  return parts;
}

Parts split(const std::string& pattern, SplitBehavior behavior, bool invert, const std::string& text) {
  return parts_of({SplitPattern{{pattern, true}, behavior, invert}}, text);
}

}  // namespace

TEST_CASE("the five behaviours of a split") {
  const std::string text = "-a--b-";
  CHECK(split("-", SplitBehavior::removed, false, text) == Parts{"a", "b"});
  CHECK(split("-", SplitBehavior::isolated, false, text) == Parts{"-", "a", "-", "-", "b", "-"});
  CHECK(split("-", SplitBehavior::merged_with_previous, false, text) == Parts{"-", "a-", "-", "b-"});
  CHECK(split("-", SplitBehavior::merged_with_next, false, text) == Parts{"-a", "-", "-b", "-"});
  CHECK(split("-", SplitBehavior::contiguous, false, text) == Parts{"-", "a", "--", "b", "-"});
  CHECK(split("[a-z]+", SplitBehavior::removed, true, text) == Parts{"a", "b"});
}

TEST_CASE("byte-level words") {
  CHECK(parts_of({ByteLevelWords{false, true}}, "Hi you") == Parts{"Hi", "\u0120you"});
  CHECK(parts_of({ByteLevelWords{true, true}}, "Hi you") == Parts{"\u0120Hi", "\u0120you"});
  CHECK(parts_of({ByteLevelWords{true, false}}, "Hi you") == Parts{"\u0120Hi\u0120you"});
  CHECK(parts_of({ByteLevelWords{true, false}}, " Hi") == Parts{"\u0120Hi"});
  CHECK(parts_of({ByteLevelWords{false, true}}, "\u00E9 x", true, true) == Parts{"\u00E9", " x"});
  // Later steps see the mapped characters.
  CHECK(parts_of({ByteLevelWords{false, false}, SplitDigits{true}}, "\xC2\xB2") == Parts{"\u00C2", "\u00B2"});
}

TEST_CASE("metaspace marks blanks and, depending on the scheme, the front") {
  const std::string mark = "\u2581";
  CHECK(parts_of({MetaspaceWords{mark, PrependScheme::first, true}}, "a b  c") ==
        Parts{mark + "a", mark + "b", mark, mark + "c"});
  CHECK(parts_of({MetaspaceWords{mark, PrependScheme::first, true}}, "a b", false) == Parts{"a", mark + "b"});
  CHECK(parts_of({MetaspaceWords{mark, PrependScheme::first, true}}, " a") == Parts{mark + "a"});
  CHECK(parts_of({MetaspaceWords{mark, PrependScheme::always, false}}, "a b", false) ==
        Parts{mark + "a" + mark + "b"});
  CHECK(parts_of({MetaspaceWords{mark, PrependScheme::never, true}}, "a b") == Parts{"a", mark + "b"});
  // Only the piece at the very front is the first.
  CHECK(parts_of({SplitWhitespace{}, MetaspaceWords{mark, PrependScheme::first, true}}, "a b") ==
        Parts{mark + "a", "b"});
  CHECK(parts_of({SplitWhitespace{}, MetaspaceWords{mark, PrependScheme::first, true}}, " a b") ==
        Parts{"a", "b"});
}

TEST_CASE("the smaller ones") {
  CHECK(parts_of({SplitDigits{false}}, "a12\u00B2b") == Parts{"a", "12\u00B2", "b"});
  CHECK(parts_of({SplitDigits{true}}, "a12b") == Parts{"a", "1", "2", "b"});
  CHECK(parts_of({SplitPunctuation{SplitBehavior::contiguous}}, "a..b$") == Parts{"a", "..", "b", "$"});
  CHECK(parts_of({WhitespaceWords{}}, "it's  \u00B2x!?") == Parts{"it", "'", "s", "\u00B2", "x", "!?"});
  CHECK(parts_of({SplitWhitespace{}}, " a\n\u3000b ") == Parts{"a", "b"});
  CHECK(parts_of({BertWords{}}, "a, b.") == Parts{"a", ",", "b", "."});
  CHECK(parts_of({FixedLengthWords{2}}, "a\u00E9\u6F22bc") == Parts{"a\u00E9",
                                                                    "\u6F22"
                                                                    "b",
                                                                    "c"});
  CHECK(parts_of({}, "whole") == Parts{"whole"});
  CHECK(parts_of({}, "").empty());
}

}  // namespace kelvin::tokenizer
