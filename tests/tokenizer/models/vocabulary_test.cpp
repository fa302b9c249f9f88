#include "tokenizer/models/vocabulary.h"
#include "tokenizer/base/tokenizer_error.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {

TEST_CASE("tokens by id and ids by token, with gaps") {
  TokenTable table;
  for (int i = 0; i < 5000; ++i) table.add("token " + std::to_string(i), 3 * i);
  CHECK(table.size() == 5000);
  CHECK(table.limit() == 14998);
  for (int i = 0; i < 5000; i += 7) {
    CHECK(table.find("token " + std::to_string(i)) == 3 * i);
    CHECK(table.token(3 * i) == "token " + std::to_string(i));
    CHECK_FALSE(table.has(3 * i + 1));
  }
  CHECK(table.find("token") == -1);
  CHECK(table.find("") == -1);
  CHECK_FALSE(table.has(-1));
  CHECK_FALSE(table.has(15000));
  table.add(std::string_view("\0x", 2), 1);
  CHECK(table.find(std::string_view("\0x", 2)) == 1);
}

TEST_CASE("a token or an id twice, or an id out of range, is refused") {
  TokenTable table;
  table.add("a", 5);
  CHECK_THROWS_WITH_AS(table.add("b", 5), "id 5 stands twice", TokenizerError);
  CHECK_THROWS_AS(table.add("a", 6), TokenizerError);
  CHECK_THROWS_AS(table.add("c", -1), TokenizerError);
  CHECK_THROWS_AS(table.add("c", TokenTable::id_limit), TokenizerError);
  CHECK(TokenTable().find("a") == -1);
}

TEST_CASE("many tokens are found once they are indexed") {
  TokenTable table;
  for (int i = 0; i < 1000; ++i) table.append("t" + std::to_string(i), 999 - i);
  CHECK(table.token(999) == "t0");
  table.index();
  for (int i = 0; i < 1000; ++i) CHECK(table.find("t" + std::to_string(i)) == 999 - i);
  table.add("u", 1000);
  CHECK(table.find("u") == 1000);
  CHECK_THROWS_WITH_AS(table.append("v", 7), "id 7 stands twice", TokenizerError);
  table.append("t500", 1001);
  CHECK_THROWS_WITH_AS(table.index(), "the same token stands twice, as 499 and as 1001", TokenizerError);
}

}  // namespace kelvin::tokenizer
