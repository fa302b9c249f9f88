// Two things at once, where neither takes long enough for more threads (those are engine/platform/thread_team.h).
#pragma once

#include <exception>
#include <thread>
#include <utility>

namespace kelvin {

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
