// Threads that divide the units of one loop after another. The caller leads: it alone runs the code between the loops,
// and no loop waits for a thread that has lost its processor, unless that thread holds a unit.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace kelvin {

class ThreadTeam {
 public:
  // threads >= 1, the caller's included. The others are made when they are first of use, and sleep between loops that
  // are far apart. Where the system gives fewer, the work is done by those there are.
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int threads() const { return threads_; }

  // Calls work(unit) or work(unit, worker) for 0 <= unit < units, and returns when all are done; what they wrote is
  // then visible. 0 <= worker < threads(): no two calls at once have the same one, and the caller is 0. Each worker
  // has a contiguous part of the units, which it takes in ascending order, so that memory is read in one stream; then
  // it steals from the ends of the others' parts. `work` must not throw, and not use this team.
  //
  // Where another program takes a processor away again and again, waiting for the worker on it costs more than it
  // brings: the caller then works alone for a while (4 ms, doubled up to 1 s while it goes on like that).
  template <class Work>
  void parallel_for(int units, Work&& work) {
    using Type = std::remove_reference_t<Work>;
    const auto call = [](void* context, int unit, int worker) {
      if constexpr (std::is_invocable_v<Type&, int, int>)
        (*static_cast<Type*>(context))(unit, worker);
      else
        (*static_cast<Type*>(context))(unit);
    };
    if (units <= 1 || threads_ == 1) {
      for (int unit = 0; unit < units; ++unit) call(const_cast<std::remove_const_t<Type>*>(&work), unit, 0);
      return;
    }
    run({call, const_cast<std::remove_const_t<Type>*>(&work)}, units);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    void (*call)(void* context, int unit, int worker) = nullptr;
    void* context = nullptr;
  };
  // The units of a worker that are not taken yet: first, low half, and end.
  struct alignas(64) Part {
    std::atomic<std::uint64_t> open{0};
  };

  void run(Job job, int units);
  int work(int worker);
  int take(int owner, bool from_end);
  void wait_for_helpers(Clock::time_point begun, int done);
  void note_stall(Clock::time_point now);
  void help(int worker);
  void make_helpers();

  const int threads_;
  std::vector<Part> parts_;                // (threads,)
  Job job_;                                // of the current loop; written while no unit is open
  alignas(64) std::atomic<int> left_{0};   // units that are not done
  alignas(64) std::atomic<int> loops_{0};  // that were handed out; helpers wait for the next
  std::atomic<int> sleepers_{0};           // helpers that sleep
  std::atomic<bool> leader_sleeps_{false};
  std::atomic<bool> over_{false};
  std::vector<std::thread> helpers_;
  bool made_ = false;
  // The leader's own.
  Clock::time_point alone_until_{}, stalled_{};
  Clock::duration alone_for_{};
};

}  // namespace kelvin
