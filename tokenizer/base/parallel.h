// Independent pieces of work on several threads: what loads, tokenises and reports uses these. The engine's forward
// pass has threads of its own (engine/platform/thread_team.h), which stay together from one step to the next.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace kelvin {

// Calls work(0) ... work(count - 1), each once, on up to `threads` threads (>= 1), in any order. Results that
// each call writes to its own place do not depend on the number of threads. Rethrows the exception of the
// lowest index that threw.
template <class Work>
void in_parallel(std::size_t count, int threads, const Work& work) {
  const std::size_t workers = std::min(count, static_cast<std::size_t>(threads));
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  std::size_t error_index = count;
  const auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < error_index) {
          error_index = i;
          error = std::current_exception();
        }
      }
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < workers; ++i) others.emplace_back(loop);
  loop();
  others.clear();
  if (error) std::rethrow_exception(error);
}

// Calls both at once, `first` on the calling thread. Rethrows what `first` threw, or else what `second` did.
template <class First, class Second>
void side_by_side(First&& first, Second&& second) {
  std::exception_ptr error;
  {
    const std::jthread other([&] {
      try {
        std::forward<Second>(second)();
      } catch (...) {
        error = std::current_exception();
      }
    });
    std::forward<First>(first)();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace kelvin
