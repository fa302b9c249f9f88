#include "tools/terminal/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

#include "tokenizer/base/formatted.h"
#include "tools/terminal/display_width.h"
#include "tools/terminal/terminal_size.h"

namespace kelvin {

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

ProgressBar::ProgressBar(std::string what, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      start_(Clock::now()),
      drawn_(start_),
      enabled_(stderr_is_terminal() && terminal_moves_cursor()) {}

void ProgressBar::update(double done, double total) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> elapsed = now - start_, idle = now - drawn_;
  if (idle.count() < (visible_ ? 0.1 : 0.5)) return;
  std::cerr << "\r\x1b[K"
            << progress_line(what_, unit_, done, total, elapsed.count(), terminal_size(STDERR_FILENO).columns)
            << std::flush;
  drawn_ = now;
  visible_ = true;
}

void ProgressBar::finish() {
  if (visible_) std::cerr << "\r\x1b[K" << std::flush;
  visible_ = false;
}

std::string progress_line(const std::string& what, const std::string& unit, double done, double total,
                          double seconds, int columns) {
  constexpr int cells = 20;
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0.0;
  const auto filled = static_cast<std::size_t>(share * cells);
  const double rate = seconds > 0 ? done / seconds : 0.0;
  const bool bytes = unit == "B";
  const std::string bar = " [" + std::string(filled, '#') + std::string(cells - filled, '.') + "]";
  std::vector<std::string> parts = {
      what + (columns == 0 || columns > 2 * cells ? bar : "") + formatted(" %.0f %%", 100 * share),
      formatted(", %.0f %s/s", bytes ? rate / 1e6 : rate, bytes ? "MB" : unit.c_str())};
  if (rate > 0 && total > done) parts.push_back(formatted(", %.0f s left", std::ceil((total - done) / rate)));
  std::string line;
  for (const std::string& part : parts) {
    if (columns > 0 && display_columns(line + part) >= columns) break;
    line += part;
  }
  return line;
}

}  // namespace kelvin
