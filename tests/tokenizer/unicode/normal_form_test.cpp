#include "tokenizer/unicode/normal_form.h"

#include <doctest/doctest.h>

namespace kelvin::unicode {

TEST_CASE("composition and decomposition") {
  CHECK(normalize("e\u0301", NormalForm::nfc) == "\u00E9");
  CHECK(normalize("\u00E9", NormalForm::nfd) == "e\u0301");
  CHECK(normalize("caf\u00E9 latte", NormalForm::nfc) == "caf\u00E9 latte");
  // Marks are ordered by class, and what is blocked stays apart.
  CHECK(normalize("a\u0301\u0323", NormalForm::nfc) == "\u1EA1\u0301");
  CHECK(normalize("a\u0301\u0323", NormalForm::nfd) == "a\u0323\u0301");
  CHECK(normalize("a\u0305\u0301", NormalForm::nfc) == "a\u0305\u0301");
  // Excluded from composition.
  CHECK(normalize("\u0958", NormalForm::nfc) == "\u0915\u093C");
  CHECK(normalize("\u212B", NormalForm::nfc) == "\u00C5");
}

TEST_CASE("Hangul is computed") {
  CHECK(normalize("\u1112\u1161\u11AB\u1100\u1173\u11AF", NormalForm::nfc) == "\uD55C\uAE00");
  CHECK(normalize("\uD55C\uAE00", NormalForm::nfd) == "\u1112\u1161\u11AB\u1100\u1173\u11AF");
  CHECK(normalize("\uAC00\u11A8", NormalForm::nfc) == "\uAC01");
  CHECK(normalize("\uAC01\u11A8", NormalForm::nfc) == "\uAC01\u11A8");
}

TEST_CASE("compatibility forms") {
  CHECK(normalize("\uFB01 \u2460 \uFF21\u00A0x\u00B2", NormalForm::nfkc) == "fi 1 A x2");
  CHECK(normalize("\u1E9B\u0323", NormalForm::nfkc) == "\u1E69");
  CHECK(normalize("\u1E9B\u0323", NormalForm::nfkd) == "s\u0323\u0307");
  CHECK(normalize("\uFB01", NormalForm::nfc) == "\uFB01");
  CHECK(normalize("\uFDFA", NormalForm::nfkc).size() > 20);
}

TEST_CASE("the data is that of Unicode 9") {
  CHECK(normalize("\U00011935\U00011930", NormalForm::nfc) == "\U00011935\U00011930");  // composes since 13.0
  CHECK(normalize("\u32FF", NormalForm::nfkc) == "\u32FF");                             // new in 12.1
}

TEST_CASE("any number of marks is sorted") {
  std::string text = "a", expected = "a";
  for (int i = 0; i < 20000; ++i) text += i % 2 ? "\u0323" : "\u0302";
  for (int i = 0; i < 10000; ++i) expected += "\u0323";
  for (int i = 0; i < 10000; ++i) expected += "\u0302";
  CHECK(normalize(text, NormalForm::nfd) == expected);
}

}  // namespace kelvin::unicode
