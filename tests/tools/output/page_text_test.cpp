#include "tools/output/page_text.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("hostile text is spelled out") {
  CHECK(visible_text(" a\nb\tc") == " a\\nb\\tc");
  CHECK(visible_text("Größe 日本 🦊 שלום") == "Größe 日本 🦊 שלום");
  CHECK(visible_text(std::string_view("\0\x1b[31m\x7f", 7)) == "\\u{0}\\u{1B}[31m\\u{7F}");
  CHECK(visible_text("\xE2\x80\xAE"
                     "evil\xE2\x81\xA9\xE2\x80\x8B") == "\\u{202E}evil\\u{2069}\\u{200B}");
  CHECK(visible_text("\xE2\x80\xA8\xEF\xBB\xBF\xEF\xBF\xBF") == "\\u{2028}\\u{FEFF}\\u{FFFF}");
  CHECK(visible_text("a\xFF\xE6\x97") == "a\\xFF\\xE6\\x97");
  CHECK(visible_text("\xED\xA0\x80") == "\\xED\\xA0\\x80");
  CHECK(visible_text("</script>") == "</script>");
}

TEST_CASE("signs of pages stand for the words of terminals, and only for whole ones") {
  CHECK(with_signs("T* -> 0+ (beta* = inf)") == "T* → 0⁺ (β* = ∞)");
  CHECK(with_signs("T* -> -0: beta* = -inf\n  0.5 +- 0.1") == "T* → 0⁻: β* = -∞\n  0.5 ± 0.1");
  CHECK(with_signs("-0.5 -03 info 10+ alphabeta") == "-0.5 -03 info 10+ alphabeta");
  CHECK(with_signs("") == "");
}

TEST_CASE("JSON within <script> cannot end it") {
  CHECK(json_for_script(R"({"a":"</script><!--"})") == R"({"a":"\u003c/script>\u003c!--"})");
}

}  // namespace kelvin
