#include "tools/terminal/edit_buffer.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("the cursor moves by characters, combining marks included") {
  EditBuffer buffer;
  buffer.set("ae\xCC\x81\xE6\x97\xA5");  // a, e with acute as two code points, a Han character
  buffer.left();
  CHECK(buffer.cursor() == 4);
  buffer.left();
  CHECK(buffer.cursor() == 1);
  buffer.erase_right();
  CHECK(buffer.text() == "a\xE6\x97\xA5");
  buffer.right();
  buffer.right();
  buffer.erase_left();
  CHECK(buffer.text() == "a");
  buffer.left();
  buffer.left();
  CHECK(buffer.cursor() == 0);
  buffer.erase_left();
  CHECK(buffer.text() == "a");
}

TEST_CASE("words and lines are killed and yanked") {
  EditBuffer buffer;
  buffer.set("one two  three");
  buffer.kill_word_left();
  CHECK(buffer.text() == "one two  ");
  buffer.yank();
  CHECK(buffer.text() == "one two  three");
  buffer.word_left();
  CHECK(buffer.cursor() == 9);
  buffer.kill_to_line_start();
  CHECK(buffer.text() == "three");
  buffer.word_right();
  CHECK(buffer.cursor() == 5);
  buffer.yank();
  CHECK(buffer.text() == "threeone two  ");
  buffer.line_start();
  buffer.kill_to_line_end();
  CHECK(buffer.text() == "");
}

TEST_CASE("up and down keep the column within several lines") {
  EditBuffer buffer;
  buffer.set("first line\nab\nthird");
  CHECK(buffer.up());
  CHECK(buffer.cursor() == 13);  // the end of the short line
  CHECK(buffer.up());
  CHECK(buffer.cursor() == 2);
  CHECK_FALSE(buffer.up());
  buffer.line_end();
  CHECK(buffer.cursor() == 10);
  buffer.kill_to_line_end();  // joins
  CHECK(buffer.text() == "first lineab\nthird");
  CHECK(buffer.down());
  CHECK(buffer.cursor() == buffer.text().size());
  CHECK_FALSE(buffer.down());
}

TEST_CASE("a backslash or an open block asks for another line") {
  CHECK(wants_another_line("so \\"));
  CHECK_FALSE(wants_another_line("so"));
  CHECK(wants_another_line("\"\"\""));
  CHECK(wants_another_line("\"\"\"\""));
  CHECK(wants_another_line("\"\"\"one\ntwo\\"));
  CHECK_FALSE(wants_another_line("\"\"\"one\ntwo\"\"\""));
  CHECK(without_quotes("\"\"\"\none\n\ntwo\n\"\"\"") == "one\n\ntwo");
  CHECK(without_quotes("\"\"\"one\"\"\"") == "one");
  CHECK(without_quotes("\"\"\"\"\"\"") == "");
  CHECK(without_quotes("say \"\"\"") == "say \"\"\"");
}

}  // namespace kelvin
