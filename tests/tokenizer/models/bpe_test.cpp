#include "tokenizer/models/bpe.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {
namespace {

struct Model {
  TokenTable table;
  BpeSpec spec;

  explicit Model(const std::vector<std::string>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) table.add(tokens[i], static_cast<int>(i));
  }
  Model& merge(const std::string& left, const std::string& right) {
    spec.merges.push_back({table.find(left), table.find(right), table.find(left + right)});
    return *this;
  }
  std::vector<int> encode(const std::string& text, bool raw = false) const {
    PieceList list;
    list.text = text;
    list.pieces = {{0, text.size(), true}};
    std::vector<int> ids;
    BpeModel(table, spec, raw).encode(list, ids);
    return ids;
  }
};

using Ids = std::vector<int>;

std::vector<std::string> with_bytes(std::vector<std::string> tokens) {
  const std::string digits = "0123456789ABCDEF";
  for (std::size_t byte = 0; byte < 256; ++byte)
    tokens.push_back(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">");
  return tokens;
}

}  // namespace

TEST_CASE("merges in order of rank") {
  Model model({"a", "b", "c", "ab", "bc", "abc"});
  model.merge("b", "c").merge("a", "b").merge("ab", "c");
  CHECK(model.encode("abc") == Ids{0, 4});
  CHECK(model.encode("ab") == Ids{3});
  CHECK(model.encode("abab") == Ids{3, 3});
  // A word that is a token but does not merge to it is taken whole only where the file says so.
  model.spec.ignore_merges = true;
  CHECK(model.encode("abc") == Ids{5});
}

TEST_CASE("unknown characters") {
  Model model({"<unk>", "a"});
  CHECK(model.encode("a\u00E9"
                     "a") == Ids{1, 1});  // without an unknown token they are lost
  model.spec.unk_token = "<unk>";
  CHECK(model.encode("\u00E9\u00E9"
                     "a\u00E9") == Ids{0, 0, 1, 0});
  model.spec.fuse_unk = true;
  CHECK(model.encode("\u00E9\u00E9"
                     "a\u00E9") == Ids{0, 1, 0});
  model.spec.unk_token = "<none>";
  CHECK(model.encode("aa") == Ids{1, 1});
  CHECK_THROWS_AS(model.encode("\u00E9"), TokenizerError);
}

TEST_CASE("byte fallback") {
  Model model(with_bytes({"<unk>", "a", "\u2581",
                          "\u2581"
                          "a"}));
  model.merge("\u2581", "a");
  model.spec.byte_fallback = true;
  model.spec.unk_token = "<unk>";
  CHECK(model.encode("a\u00E9") == Ids{1, 4 + 0xC3, 4 + 0xA9});
  // Words are cut where nothing merges; the result is that of the whole.
  CHECK(model.encode("\u2581"
                     "aa\u2581"
                     "a\u00E9\u2581") == Ids{3, 1, 3, 4 + 0xC3, 4 + 0xA9, 2});
  Model partly({"<unk>", "a", "<0xC3>"});
  partly.spec.byte_fallback = true;
  partly.spec.unk_token = "<unk>";
  CHECK(partly.encode("\u00E9"
                      "a") == Ids{0, 1});
}

TEST_CASE("prefix and suffix of words") {
  Model model({"a", "##b", "c</w>", "##c</w>", "a##b", "ab"});
  model.spec.continuing_subword_prefix = "##";
  model.spec.end_of_word_suffix = "</w>";
  CHECK(model.encode("abc") == Ids{0, 1, 3});
  CHECK(model.encode("c") == Ids{2});
}

TEST_CASE("raw bytes and their spelling give the same") {
  Model model({"\u0120", "a", "\u00C3", "\u00A9",
               "\u0120"
               "a",
               "\u00C3\u00A9"});
  model.merge("\u0120", "a").merge("\u00C3", "\u00A9");
  CHECK(model.encode(" a\u00E9", true) == Ids{4, 5});
  CHECK(model.encode("\u0120"
                     "a\u00C3\u00A9",
                     false) == Ids{4, 5});
  CHECK(BpeModel::takes_raw_bytes(model.table, model.spec));
  model.spec.unk_token = std::string(1, 'a');
  CHECK_FALSE(BpeModel::takes_raw_bytes(model.table, model.spec));
}

TEST_CASE("a word met again has the same ids as before") {
  Model model({"a", "b", "c", "ab"});
  model.merge("a", "b");
  PieceList list;
  std::string text;
  for (int i = 0; i < 2000; ++i) text += i % 3 ? "abcab" : "cba";
  list.text = text;
  for (std::size_t at = 0, i = 0; at < text.size(); ++i) {
    const std::size_t length = i % 3 ? 5 : 3;
    list.pieces.push_back({at, at + length, false});
    at += length;
  }
  std::vector<int> ids;
  BpeModel(model.table, model.spec, false).encode(list, ids);
  std::vector<int> expected;
  for (int i = 0; i < 2000; ++i) {
    const Ids word = i % 3 ? Ids{3, 2, 3} : Ids{2, 1, 0};
    expected.insert(expected.end(), word.begin(), word.end());
  }
  CHECK(ids == expected);
}

}  // namespace kelvin::tokenizer
