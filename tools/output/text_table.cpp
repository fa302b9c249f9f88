#include "tools/output/text_table.h"

#include <algorithm>

#include "tools/terminal/display_width.h"

namespace kelvin {

std::string text_table(const std::vector<std::vector<std::string>>& rows, std::string_view alignment) {
  std::vector<int> widths(alignment.size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_columns(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(static_cast<std::size_t>(widths[i] - display_columns(row[i])), ' ');
      line += (i > 0 ? "  " : "") + (alignment[i] == 'r' ? gap + row[i] : row[i] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace kelvin
