#include "tools/terminal/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "tokenizer/base/formatted.h"

namespace kelvin {

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

ProgressBar::ProgressBar(std::string what, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      start_(Clock::now()),
      drawn_(start_),
      enabled_(stderr_is_terminal()) {}

void ProgressBar::update(double done, double total) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> elapsed = now - start_, idle = now - drawn_;
  if (idle.count() < (visible_ ? 0.1 : 0.5)) return;
  std::cerr << "\r\x1b[K" << progress_line(what_, unit_, done, total, elapsed.count()) << std::flush;
  drawn_ = now;
  visible_ = true;
}

void ProgressBar::finish() {
  if (visible_) std::cerr << "\r\x1b[K" << std::flush;
  visible_ = false;
}

std::string progress_line(const std::string& what, const std::string& unit, double done, double total,
                          double seconds) {
  constexpr int cells = 20;
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0.0;
  const int filled = static_cast<int>(share * cells);
  const double rate = seconds > 0 ? done / seconds : 0.0;
  const bool bytes = unit == "B";
  std::string line = what + " [" + std::string(static_cast<std::size_t>(filled), '#') +
                     std::string(static_cast<std::size_t>(cells - filled), '.') + "]";
  line +=
      formatted(" %.0f %%, %.0f %s/s", 100 * share, bytes ? rate / 1e6 : rate, bytes ? "MB" : unit.c_str());
  if (rate > 0 && total > done) line += formatted(", %.0f s left", std::ceil((total - done) / rate));
  return line;
}

}  // namespace kelvin
