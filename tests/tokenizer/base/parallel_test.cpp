#include "tokenizer/base/parallel.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

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

TEST_CASE("two at once: both are done, and the first one's error counts") {
  int first = 0, second = 0;
  const auto here = std::this_thread::get_id();
  side_by_side([&] { first = std::this_thread::get_id() == here; }, [&] { second = 2; });
  CHECK(first == 1);
  CHECK(second == 2);
  const auto fails = [](const char* text) { return [text] { throw std::runtime_error(text); }; };
  CHECK_THROWS_WITH(side_by_side(fails("first"), fails("second")), "first");
  CHECK_THROWS_WITH(side_by_side([] {}, fails("second")), "second");
}

}  // namespace kelvin
