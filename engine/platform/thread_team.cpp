#include "engine/platform/thread_team.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <thread>

namespace kelvin {

void ThreadTeam::Member::barrier() {
  ThreadTeam& team = team_;
  const unsigned generation = team.generation_.load(std::memory_order_acquire);
  team.parts_[static_cast<std::size_t>(rank_)].taken[(generation + 1) % 2].store(0,
                                                                                 std::memory_order_relaxed);
  if (team.running_ == 1) {
    team.next_unit_.store(0, std::memory_order_relaxed);
    team.generation_.store(generation + 1, std::memory_order_relaxed);
    return;
  }
  if (team.arrived_.fetch_add(1, std::memory_order_acq_rel) == team.running_ - 1) {
    team.arrived_.store(0, std::memory_order_relaxed);
    team.next_unit_.store(0, std::memory_order_relaxed);
    team.generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  // With a processor for each, the others arrive within microseconds; else they need ours.
  constexpr int patience = 4000;
  for (int spins = 0; team.generation_.load(std::memory_order_acquire) == generation; ++spins)
    if (spins >= patience) std::this_thread::yield();
}

int ThreadTeam::Member::take(int owner, int units) {
  const auto start = [&](int member) {
    return static_cast<int>(static_cast<std::int64_t>(units) * member / size());
  };
  const int first = start(owner), end = start(owner + 1);
  const unsigned parity = team_.generation_.load(std::memory_order_relaxed) % 2;
  std::atomic<std::uint64_t>& taken = team_.parts_[static_cast<std::size_t>(owner)].taken[parity];
  std::uint64_t seen = taken.load(std::memory_order_relaxed);
  const bool own = owner == rank_;
  for (;;) {
    const int front = static_cast<int>(seen & 0xffffffff), back = static_cast<int>(seen >> 32);
    if (front + back >= end - first) return -1;
    if (taken.compare_exchange_weak(seen, seen + (own ? 1 : std::uint64_t{1} << 32),
                                    std::memory_order_relaxed))
      return own ? first + front : end - 1 - back;
  }
}

void ThreadTeam::run(const std::function<void(Member&)>& body) {
#pragma omp parallel num_threads(threads_)
  {
#pragma omp single
    {
      running_ = omp_get_num_threads();
      for (Part& of_member : parts_)
        for (std::atomic<std::uint64_t>& taken : of_member.taken) taken.store(0, std::memory_order_relaxed);
    }
    Member member(*this, omp_get_thread_num());
    body(member);
  }
}

int available_processors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace kelvin
