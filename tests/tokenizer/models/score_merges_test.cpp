#include "tokenizer/models/score_merges.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

#include <limits>

#include "tokenizer/models/bpe.h"

namespace kelvin::tokenizer {
namespace {

constexpr double never = -std::numeric_limits<double>::infinity();

struct ScoredModel {
  TokenTable table;
  std::vector<double> scores;
  BpeSpec spec;
  explicit ScoredModel(const std::vector<std::pair<std::string, double>>& tokens) {
    for (const auto& [token, score] : tokens) {
      table.add(token, static_cast<int>(scores.size()));
      scores.push_back(score);
    }
    merge_by_scores(table, scores, spec);
  }
  std::vector<int> encode(const std::string& text) const {
    PieceList list;
    list.text = text;
    list.pieces = {{0, text.size(), true}};
    std::vector<int> ids;
    BpeModel(table, spec, false).encode(list, ids);
    return ids;
  }
};

using Ids = std::vector<int>;

}  // namespace

TEST_CASE("the token with the highest score is made first, out of any two") {
  const ScoredModel model({{"a", -9}, {"b", -9}, {"c", -9}, {"ab", -2}, {"bc", -1}, {"abc", -5}});
  CHECK(model.spec.merges.size() == 4);  // a+b, b+c, ab+c, a+bc
  CHECK(model.encode("abc") == Ids{5});
  CHECK(model.encode("cabab") == Ids{2, 3, 3});
}

TEST_CASE("equal scores: the leftmost, whatever the order of ids") {
  const ScoredModel model({{"a", 0}, {"b", 0}, {"ba", -1}, {"ab", -1}});
  CHECK(model.spec.ranks == std::vector<std::uint32_t>{1, 1});
  CHECK(model.encode("aba") == Ids{3, 0});
  CHECK(model.encode("bab") == Ids{2, 1});
  CHECK(model.encode("aaba") == Ids{0, 3, 0});
}

TEST_CASE("tokens that are not made by merging") {
  const ScoredModel model({{"a", 0}, {"b", 0}, {"ab", never}, {"aab", -1}});
  CHECK(model.encode("ab") == Ids{0, 1});
  CHECK(model.encode("aab") == Ids{0, 0, 1});
}

TEST_CASE("what cannot be exact is refused") {
  CHECK_THROWS_WITH_AS(ScoredModel({{"a", 0}, {"ab", -1}}), doctest::Contains("\"b\""), TokenizerError);
  CHECK_THROWS_WITH_AS(ScoredModel({{"a", 0}, {std::string(2000, 'a'), -1}}), doctest::Contains("2000"),
                       TokenizerError);
}

}  // namespace kelvin::tokenizer
