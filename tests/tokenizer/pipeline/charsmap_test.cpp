#include "tokenizer/pipeline/charsmap.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

#include "tests/tokenizer/charsmap_builder.h"

namespace kelvin::test {

TEST_CASE("the longest and the shortest key in front") {
  const tokenizer::CharsMap map(charsmap({{"a", "A"}, {"abc", "xyz"}, {"\u00E9", "e"}, {"z", ""}}));
  CHECK(map.longest("abcd").length == 3);
  CHECK(map.longest("abcd").text == "xyz");
  CHECK(map.shortest("abcd").length == 1);
  CHECK(map.shortest("abcd").text == "A");
  CHECK(map.longest("abd").text == "A");
  CHECK(map.longest("\u00E9").text == "e");
  CHECK(map.longest("z").length == 1);
  CHECK(map.longest("z").text.empty());
  CHECK(map.longest("q").length == 0);
  CHECK(map.longest("").length == 0);
  CHECK(tokenizer::CharsMap().longest("a").length == 0);
}

TEST_CASE("broken maps are refused") {
  const std::string good = charsmap({{"a", "A"}});
  CHECK_THROWS_AS(tokenizer::CharsMap(""), TokenizerError);
  CHECK_THROWS_AS(tokenizer::CharsMap(good.substr(0, 100)), TokenizerError);
  CHECK_THROWS_AS(tokenizer::CharsMap(std::string("\0\0\0\0", 4)), TokenizerError);
  CHECK_THROWS_AS(tokenizer::CharsMap(good + "\xFF"), TokenizerError);
  std::string pointing = good;  // the root's children lie beyond the trie
  pointing[6] = '\x7F';
  CHECK_THROWS_AS(tokenizer::CharsMap(pointing).longest("a"), TokenizerError);
  std::string text = good;  // the value lies beyond the texts
  text[4 + 4 * (512 ^ 'a')] = '\x50';
  CHECK_THROWS_AS(tokenizer::CharsMap(text).longest("a"), TokenizerError);
}

}  // namespace kelvin::test
