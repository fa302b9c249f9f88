#include "tokenizer/unicode/grapheme.h"

#include <doctest/doctest.h>

#include <string>

namespace kelvin::unicode {
namespace {

std::string clusters(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = grapheme_length(text);
    shown += (shown.empty() ? "" : "|") + std::string(text.substr(0, length));
    text.remove_prefix(length);
  }
  return shown;
}

}  // namespace

TEST_CASE("clusters of marks, line ends and prefixes") {
  CHECK(clusters("ae\u0301\u0302b") == "a|e\u0301\u0302|b");
  CHECK(clusters("\r\n\r\u0301") == "\r\n|\r|\u0301");
  CHECK(clusters("\u0600a\u0600\n") == "\u0600a|\u0600|\n");
  CHECK(clusters("\u0E01\u0E33") == "\u0E01\u0E33");
}

TEST_CASE("Hangul, flags, pictographs and conjuncts") {
  CHECK(clusters("\u1100\u1161\u11A8\uAC00\u11A8\uAC01\u1161") ==
        "\u1100\u1161\u11A8|\uAC00\u11A8|\uAC01|\u1161");
  CHECK(clusters("\U0001F1E6\U0001F1E7\U0001F1E8") == "\U0001F1E6\U0001F1E7|\U0001F1E8");
  CHECK(clusters("\U0001F469\u200D\U0001F680\U0001F469") == "\U0001F469\u200D\U0001F680|\U0001F469");
  CHECK(clusters("a\u200D\u00A9\u200D\u200D\u00A9") == "a\u200D|\u00A9\u200D\u200D|\u00A9");
  CHECK(clusters("\u0915\u094D\u0937\u0915\u0937") == "\u0915\u094D\u0937|\u0915|\u0937");
}

}  // namespace kelvin::unicode
