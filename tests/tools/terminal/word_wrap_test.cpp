#include "tools/terminal/word_wrap.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/terminal_screen.h"
#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

// What a terminal as wide as one likes shows after the bytes a WordWrap writes.
std::vector<std::string> screen(const std::string& bytes) {
  test::TerminalScreen terminal(1000, 1000);
  for (const char c : bytes) terminal.feed(c == '\n' ? "\r\n" : std::string_view(&c, 1));
  CHECK(terminal.unknown() == "");
  return terminal.rows();
}

std::string pushed(const std::string& text, int columns, std::size_t step) {
  WordWrap wrap(columns);
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    for (std::size_t i = 0; i < step && end < text.size(); ++i)
      end = text[end] == '\n' ? end + 1 : next_character(text, end);
    bytes += wrap.push(std::string_view(text).substr(at, end - at));
    at = end;
  }
  return bytes;
}

TEST_CASE("words move to the next row whole, however the text is cut into pieces") {
  for (std::size_t step = 1; step < 9; ++step) {
    CAPTURE(step);
    CHECK(screen(pushed("The quick brown fox", 13, step)) ==
          std::vector<std::string>{"The quick", "brown fox"});
    CHECK(screen(pushed("a bb ccccccccccccccc d", 11, step)) ==
          std::vector<std::string>{"a bb", "cccccccccc", "ccccc d"});
    CHECK(screen(pushed("one\n\ntwo", 11, step)) == std::vector<std::string>{"one", "", "two"});
  }
}

TEST_CASE("a style takes no column and moves with its word") {
  const std::string red = "\x1b[31m", none = "\x1b[0m";
  // In pieces; those that begin with Escape are styles.
  const auto shown = [](const std::vector<std::string>& pieces) {
    WordWrap wrap(13);
    std::string bytes;
    for (const std::string& piece : pieces)
      bytes += piece.starts_with('\x1b') ? wrap.push_style(piece) : wrap.push(piece);
    return bytes;
  };
  const std::string within = shown({"The quick br", red, "ow", none, "n fox"});
  CHECK(screen(within) == std::vector<std::string>{"The quick", "brown fox"});
  CHECK(within == "The quick br" + red + "\x1b[2D\x1b[K\n" + none + "br" + red + "ow" + none + "n fox");
  // One that began before the word.
  CHECK(shown({"The quick", red, " bro", none, "wn"}) ==
        "The quick" + red + " br\x1b[2D\x1b[K\n" + red + "bro" + none + "wn");
  CHECK(shown({"The quick ", red, none, "brown"}) == "The quick " + red + none + "br\x1b[2D\x1b[K\nbrown");
}

TEST_CASE("a row that is too long for a smaller terminal ends where it is") {
  WordWrap wrap(80);
  std::string bytes = wrap.push("The quick brown fox ju");
  wrap.resize(13);
  bytes += wrap.push("mps over the");
  CHECK(screen(bytes) == std::vector<std::string>{"The quick brown fox ju", "mps over the"});
}

TEST_CASE("wide characters may end a row anywhere, marks stay with theirs") {
  CHECK(screen(pushed("\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57", 10, 1)) ==
        std::vector<std::string>{"\u6f22\u5b57\u6f22\u5b57", "\u6f22\u5b57"});
  CHECK(screen(pushed("nai\u0308ve nai\u0308ve", 10, 1)) ==
        std::vector<std::string>{"nai\u0308ve", "nai\u0308ve"});
}

TEST_CASE("no row is wider than the terminal, and no letter is lost") {
  const std::string text =
      "In a hole in the ground there lived a \u6f22\u5b57 thing, un-be-liev-a-bly long: "
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nand\tthe end of it";
  for (int columns = 8; columns < 60; ++columns) {
    std::string letters, expected;
    for (const std::string& row : screen(pushed(text, columns, 3))) {
      CHECK(display_columns(row) < columns);
      for (const char c : row)
        if (c != ' ') letters += c;
    }
    for (const char c : text)
      if (c != ' ' && c != '\n' && c != '\t') expected += c;
    CHECK(letters == expected);
  }
  CHECK(pushed(text, 0, 3).find("\x1b") == std::string::npos);
}

}  // namespace
}  // namespace kelvin
