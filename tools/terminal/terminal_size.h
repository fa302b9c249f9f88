// How large a terminal is, and whether it is more than a printer.
#pragma once

namespace kelvin {

struct TerminalSize {
  int columns, rows;  // both 0 where `descriptor` is no terminal, or one that does not say
};
TerminalSize terminal_size(int descriptor);

// Whether TERM names a terminal that understands cursor movement.
bool terminal_moves_cursor();

}  // namespace kelvin
