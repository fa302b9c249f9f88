#include "tools/output/piece_view.h"

#include <algorithm>
#include <array>

#include "loaders/files/load_error.h"
#include "tokenizer/unicode/escape.h"
#include "tokenizer/unicode/properties.h"
#include "tools/terminal/display_width.h"

namespace kelvin {
namespace {

constexpr std::array<const char*, 4> backgrounds = {"\x1b[30;46m", "\x1b[30;43m", "\x1b[30;42m",
                                                    "\x1b[30;45m"};
constexpr const char *special_letters = "\x1b[1;31m", *faint = "\x1b[2m", *plain = "\x1b[0m";

std::string visible(std::string_view bytes) {
  std::string out;
  unicode::append_escaped(out, bytes, [](char32_t code, std::string_view part) -> std::string {
    if (code == ' ') return "\u00B7";
    if (code == '\n') return "\u23CE";
    if (code == '\t') return "\u2192";
    const bool hidden = code == unicode::ill_formed || unicode::is_control(code);
    return hidden ? unicode::escaped_bytes(part, unicode::HexCase::upper) : std::string();
  });
  return out;
}

// Two lines that grow cell by cell.
struct Rows {
  std::string pieces, ids;
  int width = 0;

  void end(std::string& out) {
    while (pieces.ends_with(' ')) pieces.pop_back();
    while (ids.ends_with(' ')) ids.pop_back();
    if (width > 0) out += pieces + "\n" + ids + "\n";
    *this = {};
  }
};

}  // namespace

std::string shown_token(const Tokenizer& tokenizer, int id) {
  return tokenizer.is_known(id) ? in_quotes(tokenizer.bytes(id), 40) : "(no token)";
}

std::string show_pieces(const Tokenizer& tokenizer, std::span<const int> ids, const PieceView& view) {
  std::string out;
  Rows rows;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string bytes = tokenizer.bytes(ids[i]), piece = visible(bytes), id = std::to_string(ids[i]);
    const int columns = display_columns(piece), width = std::max(columns, static_cast<int>(id.size()));
    if (rows.width > 0 && rows.width + width > view.columns) rows.end(out);
    const std::string after_piece(static_cast<std::size_t>(width - columns + 1), ' ');
    const std::string after_id(static_cast<std::size_t>(width + 1) - id.size(), ' ');
    if (view.colours) {
      const char* colour =
          tokenizer.is_special(ids[i]) ? special_letters : backgrounds[i % backgrounds.size()];
      rows.pieces += colour + piece + plain + after_piece;
      rows.ids += faint + id + plain + after_id;
    } else {
      rows.pieces += piece + after_piece;
      rows.ids += id + after_id;
    }
    rows.width += width + 1;
    if (bytes.ends_with('\n')) rows.end(out);
  }
  rows.end(out);
  return out;
}

}  // namespace kelvin
