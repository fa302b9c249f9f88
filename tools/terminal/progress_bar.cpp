#include "tools/terminal/progress_bar.h"

#include <signal.h>
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
      updated_(start_),
      enabled_(stderr_is_terminal() && terminal_moves_cursor()) {
  if (enabled_) ticker_ = std::thread([this] { tick(); });
}

void ProgressBar::tick() {
  // Signals are for the thread that works: its waiting calls have to notice them.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, std::chrono::milliseconds(250), [&] { return finished_; })) draw_if_due(0.9);
}

void ProgressBar::draw_if_due(double idle_seconds) {
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const Clock::time_point now = Clock::now();
  if (seconds(now - drawn_) < (visible_ ? idle_seconds : 0.5)) return;
  std::cerr << "\r\x1b[K"
            << progress_line(what_, unit_, done_, total_, seconds(updated_ - start_), seconds(now - updated_),
                             terminal_size(STDERR_FILENO).columns)
            << std::flush;
  drawn_ = now;
  visible_ = true;
}

void ProgressBar::update(double done, double total) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  done_ = done;
  total_ = total;
  updated_ = Clock::now();
  draw_if_due(0.1);
}

void ProgressBar::finish() {
  if (!enabled_) return;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  end_.notify_all();
  if (ticker_.joinable()) ticker_.join();
  if (visible_) std::cerr << "\r\x1b[K" << std::flush;
  visible_ = false;
}

std::string progress_line(const std::string& what, const std::string& unit, double done, double total,
                          double seconds, double waited, int columns) {
  constexpr int cells = 20;
  const std::string so_far = formatted(", %.0f s so far", std::floor(seconds + waited));
  std::vector<std::string> parts;
  if (unit.empty() || (total <= 0 && seconds + waited >= 1)) {
    parts = {what, so_far};
  } else {
    const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0.0;
    const auto filled = static_cast<std::size_t>(share * cells);
    const double rate = seconds > 0 ? done / seconds : 0.0;
    const bool bytes = unit == "B";
    const double shown_rate = bytes ? rate / 1e6 : rate;
    const std::string bar = " [" + std::string(filled, '#') + std::string(cells - filled, '.') + "]";
    parts = {what + (columns == 0 || columns > 2 * cells ? bar : "") + formatted(" %.0f %%", 100 * share),
             formatted(shown_rate > 0 && shown_rate < 10 ? ", %.1f %s/s" : ", %.0f %s/s", shown_rate,
                       bytes ? "MB" : unit.c_str())};
    // The time left runs down between updates; where it was not enough, the time that passed goes on.
    const double left = rate > 0 ? std::ceil((total - done) / rate - waited) : 0;
    if (left >= 1)
      parts.push_back(formatted(", %.0f s left", left));
    else if ((total > done || waited >= 1) && seconds + waited >= 1)
      parts.push_back(so_far);
  }
  std::string line;
  for (const std::string& part : parts) {
    if (columns > 0 && display_columns(line + part) >= columns) break;
    line += part;
  }
  return line;
}

}  // namespace kelvin
