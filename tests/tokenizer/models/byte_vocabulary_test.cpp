#include "tokenizer/models/byte_vocabulary.h"

#include <doctest/doctest.h>

#include <string>

#include "tokenizer/models/hash.h"
#include "tokenizer/unicode/byte_level.h"

namespace kelvin::tokenizer {

TEST_CASE("tokens are found by their bytes, those that stand for none are not") {
  TokenTable table;
  std::string bytes;
  for (int id = 0; id < 3000; ++id) {
    bytes = std::to_string(id) + std::string(1, static_cast<char>(id % 256));
    table.add(id % 7 == 3 ? "\u6F22" + unicode::bytes_to_text(bytes) : unicode::bytes_to_text(bytes), 2 * id);
  }
  const ByteVocabulary words(table);
  for (int id = 0; id < 3000; ++id) {
    bytes = std::to_string(id) + std::string(1, static_cast<char>(id % 256));
    CAPTURE(id);
    CHECK(words.find(bytes, hash_bytes(bytes)) == (id % 7 == 3 ? -1 : 2 * id));
  }
  CHECK(words.find("x", hash_bytes("x")) == -1);
  CHECK(ByteVocabulary(TokenTable()).find("x", hash_bytes("x")) == -1);
}

}  // namespace kelvin::tokenizer
