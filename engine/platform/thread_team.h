// Threads that work through one forward pass together: a region is entered once, light barriers separate its
// loops.
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
    void for_dynamic(int units, Work&& work) {
      for (int unit; (unit = team_.next_unit_.fetch_add(1, std::memory_order_relaxed)) < units;) work(unit);
      barrier();
    }

    // The same for units that lie side by side in memory: each member takes a contiguous part in ascending
    // order, which reads memory in one stream, and then steals from the ends of the others'.
    template <class Work>
    void for_contiguous(int units, Work&& work) {
      for (int other = 0; other < size(); ++other)
        for (int unit; (unit = take((rank_ + other) % size(), units)) >= 0;) work(unit);
      barrier();
    }

   private:
    // The next unit of a member's part; -1: none is left.
    int take(int owner, int units);

    friend class ThreadTeam;
    Member(ThreadTeam& team, int rank) : team_(team), rank_(rank) {}
    ThreadTeam& team_;
    int rank_;
  };

  // threads >= 1
  explicit ThreadTeam(int threads) : threads_(threads), parts_(static_cast<std::size_t>(threads)) {}
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int threads() const { return threads_; }

  // Runs `body` on every member at once; rank 0 is the calling thread. `body` must not throw.
  void run(const std::function<void(Member&)>& body);

 private:
  // How many units of a member's part are taken: by itself from the front, low half, and by others from
  // the end. Loops between barriers take turns with the two: one can be cleared while the other is in use.
  struct alignas(64) Part {
    std::atomic<std::uint64_t> taken[2]{};
  };

  int threads_;
  int running_ = 1;
  std::vector<Part> parts_;  // per member
  alignas(64) std::atomic<int> next_unit_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> generation_{0};
};

// Processors this process may run on.
int available_processors();

}  // namespace kelvin
