#include "tokenizer/pipeline/decoder.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {
namespace {

using Parts = std::vector<std::string>;

// Also checks that nothing is said twice or too early: pushing and finishing at every cut gives the same as
// the pieces up to there.
std::string decode(const std::vector<DecoderSpec>& specs, const Parts& pieces) {
  DecodeChain chain(specs);
  std::string text, certain;
  for (std::size_t cut = 0; cut <= pieces.size(); ++cut) {
    DecodeChain whole(specs);
    text.clear();
    for (std::size_t i = 0; i < cut; ++i) text += whole.push(pieces[i]);
    text += whole.finish();
    CHECK(text.starts_with(certain));
    if (cut < pieces.size()) certain += chain.push(pieces[cut]);
  }
  CHECK(certain + chain.finish() == text);
  return text;
}

const StripPiece strip_one{" ", 1, 0};

}  // namespace

TEST_CASE("Llama 2's chain strips one space from the whole") {
  const std::vector<DecoderSpec> chain{ReplacePiece{{"\u2581", false}, " "}, ByteFallbackPieces{},
                                       FusePieces{}, strip_one};
  CHECK(decode(chain, {"\u2581Hello", "\u2581", "\u2581you"}) == "Hello  you");
  CHECK(decode(chain, {"\u2581\u2581", "a"}) == " a");
  CHECK(decode(chain, {"<s>",
                       "\u2581"
                       "a"}) == "<s> a");
  CHECK(decode(chain, {}).empty());
}

TEST_CASE("a run of byte tokens is text as a whole or not at all") {
  const std::vector<DecoderSpec> chain{ByteFallbackPieces{}, FusePieces{}};
  CHECK(decode(chain, {"<0xC3>", "<0xA9>", "x"}) == "\u00E9x");
  CHECK(decode(chain, {"<0xC3>", "<0xA9>", "<0x80>"}) == "\uFFFD\uFFFD\uFFFD");
  CHECK(decode(chain, {"<0xc3>", "<0xa9>"}) == "\u00E9");
  CHECK(decode(chain, {"<0xZZ>", "<0x4>"}) == "<0xZZ><0x4>");
}

TEST_CASE("byte-level pieces: one U+FFFD for each maximal ill-formed part") {
  const std::vector<DecoderSpec> chain{ByteLevelPieces{}};
  CHECK(decode(chain, {"\u0120a", "\u00C3", "\u00A9"}) == " a\u00E9");
  CHECK(decode(chain, {"\u00C3", "\u00A9", "\u0122"}) == "\u00E9\uFFFD");
  CHECK(decode(chain, {"\u00E6", "\u00BC"}) == "\uFFFD");
  CHECK(decode(chain, {"<|x y|>", "a"}) == "<|x y|>a");
  DecodeChain stream(chain);
  CHECK(stream.push("\u00F0").empty());
  CHECK(stream.push("\u0141\u0133").empty());
  CHECK(stream.push("\u00A9") == "\U0001F469");
}

TEST_CASE("the others") {
  CHECK(decode({MetaspacePieces{}}, {"\u2581"
                                     "a",
                                     "\u2581"
                                     "b",
                                     "c"}) == "a bc");
  CHECK(decode({MetaspacePieces{"\u2581", PrependScheme::never}}, {"\u2581"
                                                                   "a"}) == " a");
  CHECK(decode({WordPiecePieces{}}, {"do", "n", "##'t", "##!", "."}) == "do n't!.");
  CHECK(decode({WordPiecePieces{"##", false}}, {"a", "."}) == "a .");
  CHECK(decode({WordPiecePieces{"", false}}, {"a", "b", "."}) == "ab.");
  CHECK(decode({BpeSuffixPieces{}}, {"a", "b</w>", "c</w>"}) == "ab c");
  CHECK(decode({StripPiece{" ", 1, 1}}, {"  a  ", " b"}) == " a b");
  CHECK(decode({FusePieces{}, StripPiece{" ", 2, 1}}, {" ", "  a ", " "}) == " a ");
  CHECK(decode({FusePieces{}, StripPiece{" ", 0, 2}}, {"a", " ", "  ", "", " ", "b  ", " "}) == "a    b ");
  CHECK(decode({FusePieces{}, ReplacePiece{{"ab", false}, "x"}}, {"a", "b"}) == "x");
  CHECK(decode({}, {"a", "b"}) == "a b");
  CHECK(decode({CtcPieces{}}, {"<pad>", "h", "h", "<pad>", "h", "|", "|", "a", ".", "<pad>"}) == "hh a.");
  CHECK(decode({CtcPieces{"_", "|", false}}, {"a_", "|", "|"}) == "a|");
}

TEST_CASE("decoders that make a text too long are stopped") {
  const ReplacePiece twice{{"a", false}, "aa"};
  CHECK(decode({twice, twice, FusePieces{}, twice}, {"a", "ba"}) ==
        std::string(8, 'a') + "b" + std::string(8, 'a'));
  const auto refused = [](const std::vector<DecoderSpec>& specs, const Parts& pieces) {
    DecodeChain chain(specs);
    CHECK_THROWS_AS(
        [&] {
          for (const std::string& piece : pieces) chain.push(piece);
          chain.finish();
        }(),
        TokenizerError);
  };
  refused(std::vector<DecoderSpec>(60, twice), {"a"});
  refused({FusePieces{}, twice, ReplacePiece{{"a", false}, std::string(3000, 'b')}}, Parts(100, "a"));
  refused({ReplacePiece{{"a", false}, std::string(3000, 'b')}}, Parts(100, "a"));
}

}  // namespace kelvin::tokenizer
