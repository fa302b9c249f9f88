#include "tools/terminal/interrupt.h"

#include <doctest/doctest.h>

#include <csignal>

namespace kelvin {

TEST_CASE("a flag instead of the end of the program") {
  Interrupt interrupt;
  CHECK_FALSE(Interrupt::flag()->load());
  std::raise(SIGINT);
  CHECK(Interrupt::flag()->load());
  std::raise(SIGINT);
  CHECK(interrupt.count() == 2);
  interrupt.reset();
  CHECK_FALSE(Interrupt::flag()->load());
  CHECK(interrupt.count() == 0);
}

}  // namespace kelvin
