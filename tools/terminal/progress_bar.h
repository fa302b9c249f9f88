// One line on a terminal that tells how far a long piece of work is: share, rate and time left.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace kelvin {

bool stderr_is_terminal();

// Appears after half a second of work on stderr, vanishes at the end; silent where stderr is no terminal, or one that
// cannot move its cursor. It moves every second, however long the work goes without an update. One at a time, and nothing
// else is printed while it is there.
class ProgressBar {
 public:
  // `unit` of the numbers given to update(): "tok" or "B" (bytes, shown as MB). Without any update it shows the time.
  explicit ProgressBar(std::string what, std::string unit = "");
  ~ProgressBar() { finish(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(double done, double total);
  // The same for callbacks, which count in whole numbers.
  auto updates() {
    return [this](auto done, auto total) { update(static_cast<double>(done), static_cast<double>(total)); };
  }
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void draw_if_due(double idle_seconds);
  void tick();

  std::string what_, unit_;
  Clock::time_point start_, drawn_, updated_;
  double done_ = 0, total_ = 0;
  bool enabled_;
  bool visible_ = false, finished_ = false;
  std::mutex mutex_;  // of all that changes
  std::condition_variable end_;
  std::thread ticker_;
};

// The text of the line, e.g. "loading [#####...............] 25 %, 120 MB/s, 3 s left". `seconds`: of work until the last
// update, `waited`: since then. A total of 0 is not known. What does not fit `columns` is left out, from the time left
// on; 0: there is no edge.
std::string progress_line(const std::string& what, const std::string& unit, double done, double total,
                          double seconds, double waited = 0, int columns = 0);

}  // namespace kelvin
