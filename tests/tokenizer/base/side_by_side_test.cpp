#include "tokenizer/base/side_by_side.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

namespace kelvin {

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
