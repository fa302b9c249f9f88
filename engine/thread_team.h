// Threads that work through one forward pass together: a region is entered once, its steps are separated by
// light barriers.
#pragma once

#include <atomic>
#include <functional>

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

   private:
    friend class ThreadTeam;
    Member(ThreadTeam& team, int rank) : team_(team), rank_(rank) {}
    ThreadTeam& team_;
    int rank_;
  };

  // threads >= 1
  explicit ThreadTeam(int threads) : threads_(threads) {}
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int threads() const { return threads_; }

  // Runs `body` on every member at once; rank 0 is the calling thread. `body` must not throw.
  void run(const std::function<void(Member&)>& body);

 private:
  int threads_;
  int running_ = 1;
  alignas(64) std::atomic<int> next_unit_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<unsigned> generation_{0};
};

// Processors this process may run on.
int available_processors();

}  // namespace kelvin
