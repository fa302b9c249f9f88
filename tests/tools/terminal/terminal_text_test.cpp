#include "tools/terminal/terminal_text.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "tests/tools/pseudo_terminal.h"

using namespace kelvin;

TEST_CASE("a pipe gets the bytes as they are") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::ostringstream out;
  TerminalText text(out, ends[1]);
  const std::string bytes =
      "a\x1b]0;owned\x07 \xc2\x9b"
      "1m \xff long enough to be wrapped anywhere\r\n";
  text.write(bytes);
  CHECK(out.str() == bytes);
  CHECK(text.at_line_start());
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("no control character of the text reaches a terminal") {
  setenv("TERM", "xterm", 1);
  const test::PseudoTerminal terminal(80);
  std::ostringstream out;
  TerminalText text(out, terminal.descriptor());
  text.write(
      "a\x1b]0;owned\x07 b\xc2\x9b"
      "1m\r\n");
  text.write("\x7f\xff");
  CHECK(out.str() == "a\\x1b]0;owned\\x07 b\\xc2\\x9b1m\\x0d\n\\x7f\\xff");
  CHECK_FALSE(text.at_line_start());
}

TEST_CASE("words go to the next row where a terminal ends, at whatever width it has now") {
  setenv("TERM", "xterm", 1);
  test::PseudoTerminal terminal(12);
  std::ostringstream out;
  TerminalText text(out, terminal.descriptor());
  text.write("one two three ");
  CHECK(out.str().find("one two") == 0);
  CHECK(out.str().find("\nthree") != std::string::npos);
  terminal.resize(40);
  out.str("");
  text.write("four five six seven");
  CHECK(out.str() == "four five six seven");
}

TEST_CASE("a terminal that cannot move its cursor wraps by itself") {
  setenv("TERM", "dumb", 1);
  const test::PseudoTerminal terminal(12);
  std::ostringstream out;
  TerminalText text(out, terminal.descriptor());
  text.write("one two three four\x1b[2J");
  CHECK(out.str() == "one two three four\\x1b[2J");
}

TEST_CASE("styles are for terminals, and what is styled is text as any other") {
  setenv("TERM", "xterm", 1);
  const test::PseudoTerminal terminal(80);
  std::ostringstream out, piped;
  TerminalText text(out, terminal.descriptor()), plain(piped, -1);
  for (TerminalText* each : {&text, &plain}) {
    each->write("a\x1b[31mb", "1;35");
    each->write("c\n", "");
    *each << "d" << std::string("e") << 12;
  }
  CHECK(out.str() == "\x1b[1;35ma\\x1b[31mb\x1b[0mc\nde12");
  CHECK(piped.str() == "a\x1b[31mbc\nde12");
}
