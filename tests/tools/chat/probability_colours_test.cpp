#include "tools/chat/probability_colours.h"

#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <string>

#include "tests/support.h"
#include "tests/tools/pseudo_terminal.h"

namespace kelvin {
namespace {

TEST_CASE("seven colours, plain for what was likely, and a legend of them") {
  setenv("TERM", "xterm", 1);
  const test::PseudoTerminal terminal(120);
  for (const bool true_colour : {false, true}) {
    CHECK(style_of_probability(1, true_colour).empty());
    CHECK(style_of_probability(0.34, true_colour).empty());
    std::set<std::string> styles;
    for (const double p : {0.5, 0.2, 0.05, 0.02, 0.005, 0.002, 1e-5})
      styles.insert(style_of_probability(p, true_colour));
    CHECK(styles.size() == 7);
    CHECK(style_of_probability(0, true_colour) == style_of_probability(1e-9, true_colour));
    std::ostringstream legend, plain;
    TerminalText shown(legend, terminal.descriptor()), piped(plain, -1);
    write_probability_legend(shown, true_colour);
    write_probability_legend(piped, true_colour);
    for (const std::string& style : styles)
      if (!style.empty()) CHECK(test::holds(legend.str(), "\x1b[" + style + "m"));
    CHECK(legend.str().ends_with("less\x1b[0m\n"));
    CHECK(plain.str() == "p>1/3 p>1/9 p>1/27 p>1/81 p>1/243 p>1/729 less\n");
  }
  CHECK(test::holds(style_of_probability(0.2, true), "38;2;"));
  CHECK(test::holds(style_of_probability(0.2, false), "38;5;"));
}

}  // namespace
}  // namespace kelvin
