#include "tools/terminal/terminal_size.h"

#include <sys/ioctl.h>

#include <cstdlib>
#include <string_view>

namespace kelvin {

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return {0, 0};
  return {size.ws_col, size.ws_row};
}

bool terminal_moves_cursor() {
  const char* term = std::getenv("TERM");
  return term && *term && std::string_view(term) != "dumb";
}

}  // namespace kelvin
