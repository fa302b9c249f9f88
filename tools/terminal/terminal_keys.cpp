#include "tools/terminal/terminal_keys.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr int escape = 0x1B;
// A lone Escape key is told from a sequence by the silence after it.
constexpr int sequence_timeout = 50;

Key pasted(const ByteSource& next) {
  constexpr std::string_view terminator = "\x1b[201~";
  std::string bytes;
  for (int byte = next(-1); byte != byte_closed; byte = next(-1)) {
    bytes += static_cast<char>(byte);
    if (bytes.ends_with(terminator)) {
      bytes.resize(bytes.size() - terminator.size());
      break;
    }
  }
  // Terminals paste line ends as carriage returns.
  for (std::size_t at = 0; (at = bytes.find("\r\n", at)) != bytes.npos;) bytes[at] = '\0';
  std::replace(bytes.begin(), bytes.end(), '\r', '\n');
  return {Key::Kind::text, typed_text(bytes)};
}

Key control_sequence(const ByteSource& next) {
  std::string parameters;
  int byte = next(sequence_timeout);
  while (byte >= 0x20 && byte < 0x40 && parameters.size() < 32) {
    parameters += static_cast<char>(byte);
    byte = next(sequence_timeout);
  }
  const bool modified = parameters.find(';') != parameters.npos;  // Ctrl, Alt or Shift held
  switch (byte) {
    case 'A':
      return {Key::Kind::up, {}};
    case 'B':
      return {Key::Kind::down, {}};
    case 'C':
      return {modified ? Key::Kind::word_right : Key::Kind::right, {}};
    case 'D':
      return {modified ? Key::Kind::word_left : Key::Kind::left, {}};
    case 'H':
      return {Key::Kind::home, {}};
    case 'F':
      return {Key::Kind::end, {}};
    case '~':
      if (parameters == "200") return pasted(next);
      if (parameters == "1" || parameters == "7") return {Key::Kind::home, {}};
      if (parameters == "4" || parameters == "8") return {Key::Kind::end, {}};
      if (parameters == "3") return {Key::Kind::erase, {}};
      return {};
    default:
      return {};
  }
}

Key after_escape(const ByteSource& next) {
  const int byte = next(sequence_timeout);
  switch (byte) {
    case '[':
      return control_sequence(next);
    case 'O': {
      const int letter = next(sequence_timeout);
      if (letter == 'A') return {Key::Kind::up, {}};
      if (letter == 'B') return {Key::Kind::down, {}};
      if (letter == 'C') return {Key::Kind::right, {}};
      if (letter == 'D') return {Key::Kind::left, {}};
      if (letter == 'H') return {Key::Kind::home, {}};
      if (letter == 'F') return {Key::Kind::end, {}};
      return {};
    }
    case 'b':
      return {Key::Kind::word_left, {}};
    case 'f':
      return {Key::Kind::word_right, {}};
    case 0x7F:
      return {Key::Kind::kill_word, {}};
    case '\r':
      return {Key::Kind::text, "\n"};  // Alt-Enter
    default:
      return {};
  }
}

Key character(int first, const ByteSource& next) {
  std::string bytes(1, static_cast<char>(first));
  const int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  while (static_cast<int>(bytes.size()) < length) {
    const int byte = next(sequence_timeout);
    if (byte < 0) break;
    bytes += static_cast<char>(byte);
  }
  return {Key::Kind::text, typed_text(bytes)};
}

}  // namespace

Key read_key(const ByteSource& next) {
  const int byte = next(-1);
  switch (byte) {
    case byte_closed:
      return {Key::Kind::closed, {}};
    case byte_timeout:
      return {};
    case '\r':
    case '\n':
      return {Key::Kind::enter, {}};
    case 1:
      return {Key::Kind::home, {}};
    case 2:
      return {Key::Kind::left, {}};
    case 3:
      return {Key::Kind::interrupt, {}};
    case 4:
      return {Key::Kind::end_of_input, {}};
    case 5:
      return {Key::Kind::end, {}};
    case 6:
      return {Key::Kind::right, {}};
    case 8:
    case 0x7F:
      return {Key::Kind::backspace, {}};
    case 11:
      return {Key::Kind::kill_to_end, {}};
    case 12:
      return {Key::Kind::clear_screen, {}};
    case 14:
      return {Key::Kind::down, {}};
    case 16:
      return {Key::Kind::up, {}};
    case 21:
      return {Key::Kind::kill_to_start, {}};
    case 23:
      return {Key::Kind::kill_word, {}};
    case 25:
      return {Key::Kind::yank, {}};
    case escape:
      return after_escape(next);
    default:
      return byte == '\t' || byte >= 0x20 ? character(byte, next) : Key{};
  }
}

}  // namespace kelvin
