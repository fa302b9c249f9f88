#include "engine/platform/in_parallel.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace kelvin {

TEST_CASE("every piece of work is done once, and the first error counts") {
  std::vector<int> done(1000, 0);
  in_parallel(done.size(), 4, [&](std::size_t i) { ++done[i]; });
  CHECK(done == std::vector<int>(1000, 1));
  for (const int threads : {1, 4})
    CHECK_THROWS_WITH(in_parallel(100, threads,
                                  [](std::size_t i) {
                                    if (i >= 3) throw std::runtime_error(std::to_string(i));
                                  }),
                      "3");
}

}  // namespace kelvin
