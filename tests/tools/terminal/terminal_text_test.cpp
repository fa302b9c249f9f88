#include "tools/terminal/terminal_text.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <sstream>
#include <string>

using namespace kelvin;

namespace {

// The side of a pseudo-terminal that programs write to, `columns` wide.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) : master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(master_ >= 0);
    REQUIRE(grantpt(master_) == 0);
    REQUIRE(unlockpt(master_) == 0);
    side_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    REQUIRE(side_ >= 0);
    resize(columns);
  }
  ~Terminal() {
    close(side_);
    close(master_);
  }
  void resize(unsigned short columns) {
    const winsize size{24, columns, 0, 0};
    REQUIRE(ioctl(side_, TIOCSWINSZ, &size) == 0);
  }
  int descriptor() const { return side_; }

 private:
  int master_, side_ = -1;
};

}  // namespace

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
  const Terminal terminal(80);
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
  Terminal terminal(12);
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
  const Terminal terminal(12);
  std::ostringstream out;
  TerminalText text(out, terminal.descriptor());
  text.write("one two three four\x1b[2J");
  CHECK(out.str() == "one two three four\\x1b[2J");
}
