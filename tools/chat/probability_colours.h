// How likely a token was, as a colour on a terminal: seven steps, each a third as likely as the one before.
#pragma once

#include <string>

#include "tools/terminal/terminal_text.h"

namespace kelvin {

// A style for TerminalText: none from p = 1/3 on, then green, yellow, orange and red, and bold violet below 1/729. With
// `true_colour` 24 bits of colour, else those of 256.
std::string style_of_probability(double p, bool true_colour);

// The steps in their colours, with the least probability of each, in one line.
void write_probability_legend(TerminalText& out, bool true_colour);

// Whether COLORTERM says so.
bool has_true_colour();

}  // namespace kelvin
