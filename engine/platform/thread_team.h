// Threads that work through one forward pass together: a region is entered once, its steps are separated by
// light barriers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace kelvin {

class ThreadTeam {
 public:
  // One thread's view of the team inside run().
  class Member {
   public:
    int rank() const { return rank_; }
    int size() const { return team_.running_; }

    // Returns when every member has arrived; what they wrote before is then visible.
    void barrier();

    // Calls work(unit) for 0 <= unit < units, each unit on whichever member is free; ends with a barrier.
    template <class Work>
    void share(int units, Work&& work) {
      for (int unit; (unit = team_.next_unit_.fetch_add(1, std::memory_order_relaxed)) < units;) work(unit);
      barrier();
    }

    // The same for units that lie side by side in memory: each member takes a run of its own in ascending
    // order, which reads memory in one stream, and then helps the others from the ends of theirs.
    template <class Work>
    void share_runs(int units, Work&& work) {
      for (int other = 0; other < size(); ++other)
        for (int unit; (unit = take((rank_ + other) % size(), units)) >= 0;) work(unit);
      barrier();
    }

   private:
    // The next unit of a member's run; -1: none is left.
    int take(int owner, int units);

    friend class ThreadTeam;
    Member(ThreadTeam& team, int rank) : team_(team), rank_(rank) {}
    ThreadTeam& team_;
    int rank_;
  };

  // threads >= 1
  explicit ThreadTeam(int threads) : threads_(threads), runs_(static_cast<std::size_t>(threads)) {}
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int threads() const { return threads_; }

  // Runs `body` on every member at once; rank 0 is the calling thread. `body` must not throw.
  void run(const std::function<void(Member&)>& body);

 private:
  // How many units of a member's run are taken: by itself from the front, low half, and by others from the
  // end. Steps between barriers take turns with the two, so that one can be cleared while the other is in
  // use.
  struct alignas(64) Run {
    std::atomic<std::uint64_t> taken[2]{};
  };

  int threads_;
  int running_ = 1;
  std::vector<Run> runs_;  // per member
  alignas(64) std::atomic<int> next_unit_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> generation_{0};
};

// Processors this process may run on.
int available_processors();

}  // namespace kelvin
