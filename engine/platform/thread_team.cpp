#include "engine/platform/thread_team.h"

#include <algorithm>
#include <system_error>

namespace kelvin {
namespace {

using namespace std::chrono_literals;

// Waits as long as a pause between two loops of one pass lasts before it sleeps: waking up takes some 50 microseconds.
constexpr auto patience = 50us;
// A worker that is late by more than this, and by more than four units, has lost its processor.
constexpr auto lateness = 100us;
constexpr auto first_alone = 4ms, longest_alone = 1000ms;
// A stall this long after the last one is a new event.
constexpr auto forgotten = 200ms;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Whether `holds()` came true before the deadline. The clock is looked at now and then.
template <class Condition>
bool spin_until(const Condition& holds, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    for (int spins = 0; spins < 32; ++spins) {
      if (holds()) return true;
      pause();
    }
    if (std::chrono::steady_clock::now() >= deadline) return holds();
  }
}

std::uint64_t range(int first, int end) {
  return static_cast<std::uint64_t>(end) << 32 | static_cast<std::uint32_t>(first);
}

}  // namespace

ThreadTeam::ThreadTeam(int threads) : threads_(threads), parts_(static_cast<std::size_t>(threads)) {}

ThreadTeam::~ThreadTeam() {
  over_.store(true);
  loops_.fetch_add(1);
  loops_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void ThreadTeam::make_helpers() {
  made_ = true;
  helpers_.reserve(static_cast<std::size_t>(threads_ - 1));
  try {
    for (int worker = 1; worker < threads_; ++worker) helpers_.emplace_back([this, worker] { help(worker); });
  } catch (const std::system_error&) {
    // The parts of those that are missing are stolen.
  }
}

// The next unit of a part; -1: none is left.
int ThreadTeam::take(int owner, bool from_end) {
  std::atomic<std::uint64_t>& open = parts_[static_cast<std::size_t>(owner)].open;
  std::uint64_t seen = open.load(std::memory_order_acquire);
  for (;;) {
    const int first = static_cast<int>(seen & 0xffffffff), end = static_cast<int>(seen >> 32);
    if (first >= end) return -1;
    const std::uint64_t rest = from_end ? range(first, end - 1) : range(first + 1, end);
    if (open.compare_exchange_weak(seen, rest, std::memory_order_acquire)) return from_end ? end - 1 : first;
  }
}

// Does units until none is left to take, and returns how many. The job is read behind each take: a helper may be late
// and take a unit of another loop than the one it woke up for, which is as good.
int ThreadTeam::work(int worker) {
  int done = 0;
  for (int i = 0; i < threads_; ++i)
    for (int unit; (unit = take((worker + i) % threads_, i > 0)) >= 0; ++done)
      job_.call(job_.context, unit, worker);
  return done;
}

void ThreadTeam::run(Job job, int units) {
  const Clock::time_point begun = Clock::now();
  if (begun < alone_until_) {
    for (int unit = 0; unit < units; ++unit) job.call(job.context, unit, 0);
    return;
  }
  if (!made_) make_helpers();
  job_ = job;
  left_.store(units, std::memory_order_relaxed);
  for (int worker = 0; worker < threads_; ++worker) {
    const auto start = [&](int of) {
      return static_cast<int>(static_cast<std::int64_t>(units) * of / threads_);
    };
    parts_[static_cast<std::size_t>(worker)].open.store(range(start(worker), start(worker + 1)),
                                                        std::memory_order_release);
  }
  loops_.fetch_add(1);
  if (sleepers_.load() > 0) loops_.notify_all();
  const int done = work(0);
  if (left_.fetch_sub(done, std::memory_order_acq_rel) != done) wait_for_helpers(begun, done);
}

void ThreadTeam::wait_for_helpers(Clock::time_point begun, int done) {
  const Clock::time_point now = Clock::now();
  const auto all_done = [&] { return left_.load(std::memory_order_acquire) == 0; };
  // Its last unit may take a helper as long as one of ours took.
  const Clock::duration unit = (now - begun) / std::max(done, 1);
  const Clock::duration grace = lateness + 4 * unit;
  if (spin_until(all_done, now + std::min<Clock::duration>(grace, 10 * lateness))) return;
  leader_sleeps_.store(true);
  for (int left; (left = left_.load()) != 0;) left_.wait(left);
  leader_sleeps_.store(false);
  const Clock::time_point end = Clock::now();
  if (end - now > grace) note_stall(end);
}

void ThreadTeam::note_stall(Clock::time_point now) {
  const bool again = now - stalled_ < forgotten + alone_for_;
  alone_for_ = again ? std::min<Clock::duration>(2 * alone_for_, longest_alone) : first_alone;
  alone_until_ = now + alone_for_;
  stalled_ = now;
}

void ThreadTeam::help(int worker) {
  int seen = 0;
  for (;;) {
    const auto next = [&] { return loops_.load(std::memory_order_acquire) != seen; };
    if (!spin_until(next, Clock::now() + patience)) {
      sleepers_.fetch_add(1);
      loops_.wait(seen);
      sleepers_.fetch_sub(1);
    }
    seen = loops_.load();
    if (over_.load()) return;
    if (const int done = work(worker); done > 0)
      if (left_.fetch_sub(done) == done && leader_sleeps_.load()) left_.notify_all();
  }
}

}  // namespace kelvin
