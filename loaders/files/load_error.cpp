#include "loaders/files/load_error.h"

#include "loaders/files/utf8.h"

namespace kelvin {

std::string printable(std::string_view text, std::size_t limit) {
  constexpr char hex[] = "0123456789abcdef";
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    if (at >= limit) return shown + "...";
    const auto byte = static_cast<unsigned char>(text[at]);
    const int length = utf8_length(text.data() + at, text.size() - at);
    // U+0080 to U+009F are control characters too: terminals may act on them.
    const bool c1 = length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (length == 0 || byte < 0x20 || byte == 0x7F || c1) {
      shown += "\\x";
      shown += hex[byte >> 4];
      shown += hex[byte & 15];
      ++at;
    } else {
      shown.append(text, at, static_cast<std::size_t>(length));
      at += static_cast<std::size_t>(length);
    }
  }
  return shown;
}

std::string path_text(const std::filesystem::path& path) {
  return printable(path.native(), path.native().size());
}

std::string in_quotes(std::string_view text, std::size_t limit) {
  return std::string("\"").append(printable(text, limit)).append("\"");
}

}  // namespace kelvin
