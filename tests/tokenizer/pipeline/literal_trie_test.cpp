#include "tokenizer/pipeline/literal_trie.h"

#include <doctest/doctest.h>

namespace kelvin::tokenizer {

TEST_CASE("the longest literal in front counts, of equal ones the first") {
  LiteralTrie trie;
  CHECK(trie.empty());
  CHECK(trie.longest("abc").value == -1);
  trie.add("ab", 4);
  trie.add("abcd", 7);
  trie.add("ab", 5);
  trie.add("b", 6);
  CHECK_FALSE(trie.empty());
  CHECK(trie.longest("abcx").value == 4);
  CHECK(trie.longest("abcx").length == 2);
  CHECK(trie.longest("abcde").value == 7);
  CHECK(trie.longest("ba").length == 1);
  CHECK(trie.longest("a").value == -1);
  CHECK(trie.longest("").value == -1);
}

}  // namespace kelvin::tokenizer
