#include "tools/terminal/progress_bar.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("a progress line tells share, rate and time left") {
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5) ==
        "loading [#####...............] 25 %, 50 MB/s, 2 s left");
  CHECK(progress_line("prompt", "tok", 30, 30, 2) == "prompt [####################] 100 %, 15 tok/s");
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5, 46) ==
        "loading [#####...............] 25 %, 50 MB/s");
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5, 36) == "loading 25 %, 50 MB/s, 2 s left");
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5, 9).empty());
  CHECK(progress_line("prompt", "tok", 0, 0, 0) == "prompt [....................] 0 %, 0 tok/s");
}

}  // namespace kelvin
