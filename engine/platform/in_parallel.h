// Independent pieces of work that may fail, on the threads of a team.
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>

#include "engine/platform/thread_team.h"

namespace kelvin {

// Calls work(0) ... work(count - 1), each once, on those of `team` or on up to `threads` new threads (>= 1), in any order.
// Results that each call writes to its own place do not depend on the number of threads. Rethrows the exception of the
// lowest index that threw.
template <class Work>
void in_parallel(std::size_t count, ThreadTeam& team, const Work& work) {
  std::mutex mutex;
  std::exception_ptr error;
  std::size_t error_index = count;
  team.parallel_for(static_cast<int>(count), [&](int unit) {
    const auto i = static_cast<std::size_t>(unit);
    try {
      work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (i >= error_index) return;
      error_index = i;
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
}
template <class Work>
void in_parallel(std::size_t count, int threads, const Work& work) {
  ThreadTeam team(threads);
  in_parallel(count, team, work);
}

}  // namespace kelvin
