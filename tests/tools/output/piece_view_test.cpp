#include "tools/output/piece_view.h"

#include <doctest/doctest.h>

#include "tokenizer/spec.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {
namespace {

// All bytes, id = byte + 1000, and one special token.
Tokenizer bytes_tokenizer() {
  TokenizerSpec spec;
  for (int byte = 0; byte < 256; ++byte)
    spec.vocabulary.add(unicode::to_utf8(unicode::byte_to_char(static_cast<unsigned char>(byte))),
                        byte + 1000);
  spec.model = BpeSpec{};
  spec.pre_tokenizers = {ByteLevelWords{false, false}};
  spec.decoders = {ByteLevelPieces{}};
  AddedToken token;
  token.content = "<end>";
  token.id = 7;
  token.special = true;
  spec.added_tokens = {token};
  return Tokenizer(std::move(spec));
}

}  // namespace

TEST_CASE("pieces stand above their ids") {
  const Tokenizer tokenizer = bytes_tokenizer();
  CHECK(show_pieces(tokenizer, tokenizer.encode("a b<end>"), {}) ==
        "a    \u00B7    b    <end>\n"
        "1097 1032 1098 7\n");
  CHECK(show_pieces(tokenizer, tokenizer.encode("\t\n\xC3\xA9"), {}) ==
        "\u2192    \u23CE\n1009 1010\n\\xC3 \\xA9\n1195 1169\n");
  CHECK(show_pieces(tokenizer, {}, {}).empty());
}

TEST_CASE("long texts are broken into lines") {
  const Tokenizer tokenizer = bytes_tokenizer();
  CHECK(show_pieces(tokenizer, tokenizer.encode("abc"), {.columns = 9}) == "a    b\n1097 1098\nc\n1099\n");
}

TEST_CASE("colours tell neighbours apart and special tokens from the rest") {
  const Tokenizer tokenizer = bytes_tokenizer();
  const std::string shown = show_pieces(tokenizer, tokenizer.encode("ab<end>"), {.colours = true});
  CHECK(shown.find("\x1b[30;46ma\x1b[0m") != shown.npos);
  CHECK(shown.find("\x1b[30;43mb\x1b[0m") != shown.npos);
  CHECK(shown.find("\x1b[1;31m<end>\x1b[0m") != shown.npos);
  CHECK(shown.find("\x1b[2m1097\x1b[0m") != shown.npos);
}

}  // namespace kelvin
