#include "tokenizer/models/word_cache.h"

#include <doctest/doctest.h>

#include <string>

namespace kelvin::tokenizer {

TEST_CASE("a word is known with its ids, another with the same hash is not") {
  WordCache seen(1 << 16);
  const std::string text = "abab cd";
  const std::string_view ab = std::string_view(text).substr(0, 2), cd = std::string_view(text).substr(5);
  std::vector<int> ids{9, 7, 8};
  CHECK_FALSE(seen.recall(ab, 5, ids));
  seen.remember(ab, 5, 1, 3);
  CHECK(seen.recall(std::string_view(text).substr(2, 2), 5, ids));
  CHECK(ids == std::vector<int>{9, 7, 8, 7, 8});
  CHECK_FALSE(seen.recall(cd, 5, ids));
  seen.remember(cd, 5, 0, 0);
  CHECK(seen.recall(cd, 5, ids));
  CHECK_FALSE(seen.recall(ab, 5, ids));
  CHECK(ids.size() == 5);
}

TEST_CASE("short texts have no cache") {
  WordCache seen(100);
  std::vector<int> ids{1};
  seen.remember("a", 3, 0, 1);
  CHECK_FALSE(seen.recall("a", 3, ids));
}

}  // namespace kelvin::tokenizer
