#include "tools/terminal/terminal_keys.h"

#include <algorithm>
#include <span>

#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr int escape = 0x1B;
// A lone Escape key is told from a sequence by the silence after it.
constexpr int sequence_timeout = 50;

struct KeyCode {
  int code;
  Key::Kind kind;
};

Key key_in(std::span<const KeyCode> table, int code) {
  for (const KeyCode& entry : table)
    if (entry.code == code) return {entry.kind, {}};
  return {};
}

// Ctrl with a letter sends the letter's number.
constexpr KeyCode single_bytes[] = {{byte_closed, Key::Kind::closed},
                                    {byte_resized, Key::Kind::redraw},
                                    {'\r', Key::Kind::enter},
                                    {'\n', Key::Kind::enter},
                                    {1, Key::Kind::home},
                                    {2, Key::Kind::left},
                                    {3, Key::Kind::interrupt},
                                    {4, Key::Kind::end_of_input},
                                    {5, Key::Kind::end},
                                    {6, Key::Kind::right},
                                    {7, Key::Kind::cancel},
                                    {8, Key::Kind::backspace},
                                    {'\t', Key::Kind::complete},
                                    {0x7F, Key::Kind::backspace},
                                    {11, Key::Kind::kill_to_end},
                                    {12, Key::Kind::clear_screen},
                                    {14, Key::Kind::down},
                                    {16, Key::Kind::up},
                                    {18, Key::Kind::search},
                                    {21, Key::Kind::kill_to_start},
                                    {23, Key::Kind::kill_word},
                                    {25, Key::Kind::yank},
                                    {26, Key::Kind::suspend}};

// After Escape and [ or O.
constexpr KeyCode lettered_keys[] = {{'A', Key::Kind::up},   {'B', Key::Kind::down}, {'C', Key::Kind::right},
                                     {'D', Key::Kind::left}, {'H', Key::Kind::home}, {'F', Key::Kind::end}};

// The number before ~.
constexpr KeyCode numbered_keys[] = {{'1', Key::Kind::home},
                                     {'7', Key::Kind::home},
                                     {'4', Key::Kind::end},
                                     {'8', Key::Kind::end},
                                     {'3', Key::Kind::erase}};

// After Escape alone.
constexpr KeyCode alt_keys[] = {
    {'b', Key::Kind::word_left}, {'f', Key::Kind::word_right}, {0x7F, Key::Kind::kill_word}};

Key pasted(const ByteSource& next) {
  constexpr std::string_view terminator = "\x1b[201~";
  std::string bytes;
  for (int byte = next(-1); byte != byte_closed; byte = next(-1)) {
    if (byte < 0) continue;
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
  if (byte == '~') {
    if (parameters == "200") return pasted(next);
    return parameters.size() == 1 ? key_in(numbered_keys, parameters[0]) : Key{};
  }
  const bool modified = parameters.find(';') != parameters.npos;  // Ctrl, Alt or Shift held
  if (modified && byte == 'C') return {Key::Kind::word_right, {}};
  if (modified && byte == 'D') return {Key::Kind::word_left, {}};
  return key_in(lettered_keys, byte);
}

Key after_escape(const ByteSource& next) {
  const int byte = next(sequence_timeout);
  if (byte == '[') return control_sequence(next);
  if (byte == 'O') return key_in(lettered_keys, next(sequence_timeout));
  if (byte == '\r') return {Key::Kind::text, "\n"};  // Alt-Enter
  if (byte == byte_timeout) return {Key::Kind::cancel, {}};
  return key_in(alt_keys, byte);
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
  if (byte == escape) return after_escape(next);
  const Key key = key_in(single_bytes, byte);
  const bool is_text = key.kind == Key::Kind::ignored && byte >= 0x20;
  return is_text ? character(byte, next) : key;
}

}  // namespace kelvin
