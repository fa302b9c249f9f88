#include "tools/chat/probability_colours.h"

#include <cstdlib>
#include <string_view>

namespace kelvin {
namespace {

struct ColourStep {
  double least;  // probability
  const char *name, *codes256, *true_codes;
};
constexpr ColourStep steps[] = {{1.0 / 3, "1/3", "", ""},
                                {1.0 / 9, "1/9", "38;5;114", "38;2;135;215;135"},
                                {1.0 / 27, "1/27", "38;5;149", "38;2;175;205;90"},
                                {1.0 / 81, "1/81", "38;5;179", "38;2;215;175;95"},
                                {1.0 / 243, "1/243", "38;5;208", "38;2;245;140;30"},
                                {1.0 / 729, "1/729", "38;5;203", "38;2;255;95;95"},
                                {0, "less", "1;38;5;170", "1;38;2;215;95;215"}};

}  // namespace

std::string style_of_probability(double p, bool true_colour) {
  for (const ColourStep& step : steps)
    if (p >= step.least) return true_colour ? step.true_codes : step.codes256;
  return "";
}

void write_probability_legend(TerminalText& out, bool true_colour) {
  for (const ColourStep& step : steps) {
    out.write(step.least > 0 ? "p>" + std::string(step.name) : step.name,
              true_colour ? step.true_codes : step.codes256);
    out.write(step.least > 0 ? " " : "\n");
  }
}

bool has_true_colour() {
  const char* names = std::getenv("COLORTERM");
  return names && (std::string_view(names) == "truecolor" || std::string_view(names) == "24bit");
}

}  // namespace kelvin
