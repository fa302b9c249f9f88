#include "tools/terminal/screen_layout.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("text is broken at the width and at newlines; the cursor is found") {
  const ScreenLayout one = lay_out("> ", "hello", 5, 80);
  CHECK(one.rows == std::vector<std::string>{"> hello"});
  CHECK(one.cursor_column == 7);

  const ScreenLayout broken = lay_out("> ", "abcdefghij", 8, 10);  // nine usable columns
  CHECK(broken.rows == std::vector<std::string>{"> abcdefg", "hij"});
  CHECK(broken.cursor_row == 1);
  CHECK(broken.cursor_column == 1);

  const ScreenLayout lines = lay_out("> ", "ab\n\ncd", 3, 80);
  CHECK(lines.rows == std::vector<std::string>{"> ab", "  ", "  cd"});
  CHECK(lines.cursor_row == 1);
  CHECK(lines.cursor_column == 2);
}

TEST_CASE("of a prompt that takes more than half the row its end is shown") {
  const ScreenLayout layout = lay_out("history \"\u6f22\u5b57\": ", "abc", 3, 17);
  CHECK(layout.rows == std::vector<std::string>{"\"\u6f22\u5b57\": abc"});
  CHECK(layout.prompt_bytes == 10);
  CHECK(layout.cursor_column == 11);
  CHECK(window(lay_out("> ", "a\nb", 3, 80), 1).prompt_bytes == 0);
}

TEST_CASE("a wide character does not straddle the edge") {
  const ScreenLayout layout = lay_out("> ", "abcdef\xE6\x97\xA5", 6, 10);
  CHECK(layout.rows == std::vector<std::string>{"> abcdef", "\xE6\x97\xA5"});
  CHECK(layout.cursor_row == 1);
  CHECK(layout.cursor_column == 0);
}

TEST_CASE("a long text shows the rows around the cursor") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "\n";
  const ScreenLayout end = window(lay_out("> ", text, text.size(), 80), 10);
  CHECK(end.rows.size() == 10);
  CHECK(end.rows.front() == "  91");
  CHECK(end.cursor_row == 9);
  const ScreenLayout start = window(lay_out("> ", text, 0, 80), 10);
  CHECK(start.rows.front() == "> 0");
  CHECK(start.cursor_row == 0);
}

}  // namespace kelvin
