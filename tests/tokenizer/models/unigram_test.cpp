#include "tokenizer/models/unigram.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {
namespace {

struct PiecesModel {
  TokenTable table;
  UnigramSpec spec;
  PiecesModel(const std::vector<std::pair<std::string, double>>& tokens, int unk_id,
              bool byte_fallback = false) {
    for (const auto& [token, score] : tokens) {
      table.add(token, static_cast<int>(spec.scores.size()));
      spec.scores.push_back(score);
    }
    spec.unk_id = unk_id;
    spec.byte_fallback = byte_fallback;
  }
  std::vector<int> encode(const std::string& text) const {
    PieceList list;
    list.text = text;
    list.pieces = {{0, text.size(), true}};
    std::vector<int> ids;
    UnigramModel(table, spec).encode(list, ids);
    return ids;
  }
};

}  // namespace

TEST_CASE("the likeliest way to cut the text") {
  const PiecesModel model(
      {{"<unk>", 0}, {"a", -3}, {"b", -3}, {"ab", -4}, {"abc", -9}, {"c", -3}, {"bc", -3.5}}, 0);
  CHECK(model.encode("abc") == std::vector<int>{1, 6});  // -6.5 against -7, -9
  CHECK(model.encode("ab") == std::vector<int>{3});
  CHECK(model.encode("abab") == std::vector<int>{3, 3});
}

TEST_CASE("unknown characters in a row are one token, or their bytes") {
  const PiecesModel model({{"<unk>", 0}, {"a", -1}}, 0);
  CHECK(model.encode("a\u00E9\u6F22"
                     "a") == std::vector<int>{1, 0, 1});
  const PiecesModel bytes({{"<unk>", 0}, {"a", -1}, {"<0xC3>", -5}, {"<0xA9>", -5}}, 0, true);
  CHECK(bytes.encode("a\u00E9") == std::vector<int>{1, 2, 3});
  CHECK(bytes.encode("\u6F22") == std::vector<int>{0});
  const PiecesModel none({{"a", -1}}, -1);
  CHECK(none.encode("aa") == std::vector<int>{0, 0});
  CHECK_THROWS_AS(none.encode("b"), TokenizerError);
}

TEST_CASE("scores and tokens must belong together") {
  TokenTable table;
  table.add("a", 0);
  CHECK_THROWS_AS(UnigramModel(table, UnigramSpec{}), TokenizerError);
  CHECK_THROWS_AS(UnigramModel(table, UnigramSpec{{-1.0}, 1, false}), TokenizerError);
}

}  // namespace kelvin::tokenizer
