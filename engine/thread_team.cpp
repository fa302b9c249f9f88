#include "engine/thread_team.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <thread>

namespace kelvin {

void ThreadTeam::Member::barrier() {
  ThreadTeam& team = team_;
  if (team.running_ == 1) {
    team.next_unit_.store(0, std::memory_order_relaxed);
    return;
  }
  const unsigned generation = team.generation_.load(std::memory_order_acquire);
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

void ThreadTeam::run(const std::function<void(Member&)>& body) {
#pragma omp parallel num_threads(threads_)
  {
#pragma omp single
    running_ = omp_get_num_threads();
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
