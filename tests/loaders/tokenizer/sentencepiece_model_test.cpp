#include "loaders/tokenizer/sentencepiece_model.h"

#include <doctest/doctest.h>

#include <limits>

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/tokenizer.h"

namespace kelvin {
namespace {

using Ids = std::vector<int>;

// 0 <unk>, 1 <s>, 2 [x] as user-defined symbol, then blank, a, b, ab, blank ab.
SentencePieceModel small() {
  SentencePieceModel model;
  model.remove_extra_whitespaces = false;
  model.pieces = {{"<unk>", 0, PieceType::unknown},
                  {"<s>", 0, PieceType::control},
                  {"[x]", 0, PieceType::user_defined},
                  {"\u2581", -9},
                  {"a", -8},
                  {"b", -7},
                  {"ab", -1},
                  {"\u2581"
                   "ab",
                   -2},
                  {"x", -6}};
  return model;
}

Ids encode(SentencePieceModel model, const std::string& text) {
  return Tokenizer(sentencepiece_tokenizer(std::move(model))).encode(text);
}

void refuse_model(const SentencePieceModel& model, const char* part) {
  CHECK_THROWS_WITH_AS(sentencepiece_tokenizer(model), doctest::Contains(part), TokenizerError);
}

}  // namespace

TEST_CASE("BPE by scores, with control and user-defined symbols") {
  CHECK(encode(small(), "ab") == Ids{7});
  CHECK(encode(small(), "aab[x]ab") == Ids{3, 4, 6, 2, 6});
  CHECK(encode(small(), "<s>ab") == Ids{1, 7});
  CHECK(encode(small(), "x\u00E9\u00E8x") == Ids{3, 8, 0, 8});
  const Tokenizer tokenizer(sentencepiece_tokenizer(small()));
  CHECK(tokenizer.decode(Ids{7, 2, 7}) == "ab[x] ab");
  CHECK(tokenizer.is_special(1));
  CHECK_FALSE(tokenizer.is_special(2));
}

TEST_CASE("unigram, where a user-defined symbol is taken whatever it costs") {
  SentencePieceModel model = small();
  model.is_unigram = true;
  model.pieces.push_back({"[", -0.5f});
  CHECK(encode(model, "aab[x]") == Ids{3, 4, 6, 2});
  CHECK(encode(model, "[a") == Ids{3, 9, 4});
  model.pieces[6].type = PieceType::unused;
  CHECK(encode(model, "bab") == Ids{3, 5, 4, 5});
}

TEST_CASE("models that do not hold together") {
  SentencePieceModel model = small();
  model.pieces.push_back({"<0x41>", 0, PieceType::byte});
  refuse_model(model, "<0x41>");
  model.byte_fallback = true;
  refuse_model(model, "256");
  model = small();
  model.pieces.push_back({"ab", -3});
  refuse_model(model, "twice");
  model = small();
  model.pieces[0].type = PieceType::normal;
  refuse_model(model, "UNKNOWN");
  model = small();
  model.pieces[6].type = PieceType::unused;
  refuse_model(model, "UNUSED");
  model = small();
  model.pieces[6].score = std::numeric_limits<float>::quiet_NaN();
  refuse_model(model, "ab");
  model = small();
  model.pieces[6].text = "\xFF";
  refuse_model(model, "UTF-8");
  model = small();
  model.charsmap = "broken";
  CHECK_THROWS_AS(Tokenizer(sentencepiece_tokenizer(model)), TokenizerError);
}

}  // namespace kelvin
