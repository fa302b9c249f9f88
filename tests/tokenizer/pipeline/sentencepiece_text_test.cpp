#include "tokenizer/pipeline/sentencepiece_text.h"

#include <doctest/doctest.h>

#include "tests/tokenizer/charsmap_builder.h"

namespace kelvin::test {
namespace {

std::string prepared(const SentencePieceText& spec, const std::string& text, bool at_origin = true) {
  return tokenizer::SentencePieceNormalizer(spec).run(text, at_origin);
}

}  // namespace

TEST_CASE("blanks of SentencePiece") {
  SentencePieceText spec;
  CHECK(prepared(spec, "  a  b ") == "\u2581a\u2581b");
  CHECK(prepared(spec, "   ").empty());
  CHECK(prepared(spec, "").empty());
  spec.remove_extra_whitespaces = false;
  CHECK(prepared(spec, " a  b ") == "\u2581\u2581a\u2581\u2581b\u2581");
  spec.blank_as_suffix = true;
  CHECK(prepared(spec, " a") == "\u2581a\u2581");
  spec.escape_whitespaces = false;
  CHECK(prepared(spec, "a b") == "a b ");
  spec.add_dummy_prefix = false;
  CHECK(prepared(spec, "a b") == "a b");
}

TEST_CASE("the prefix may be for the beginning of the input only") {
  SentencePieceText spec;
  CHECK(prepared(spec, "a", false) == "\u2581a");
  spec.prefix_once = true;
  CHECK(prepared(spec, "a", false) == "a");
  CHECK(prepared(spec, "a", true) == "\u2581a");
}

TEST_CASE("the map counts by longest match, literals stay, and blanks it makes are blanks") {
  SentencePieceText spec;
  spec.charsmap = charsmap({{"\t", " "}, {"a", "A"}, {"ab", "x  y"}, {"q", ""}});
  spec.literals = {"<ab>", "a c"};
  CHECK(prepared(spec, "\tab<ab>q\t\ta") == "\u2581x\u2581\u2581y<ab>\u2581A");
  CHECK(prepared(spec, "a ca") == "\u2581a\u2581cA");
}

}  // namespace kelvin::test
