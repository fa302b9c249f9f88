#include "tools/terminal/progress_bar.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("a progress line tells share, rate and time left") {
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5) ==
        "loading [#####...............] 25 %, 50 MB/s, 2 s left");
  CHECK(progress_line("prompt", "tok", 30, 30, 2) == "prompt [####################] 100 %, 15 tok/s");
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5, 0, 46) ==
        "loading [#####...............] 25 %, 50 MB/s");
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5, 0, 36) == "loading 25 %, 50 MB/s, 2 s left");
  CHECK(progress_line("loading", "B", 25e6, 100e6, 0.5, 0, 9).empty());
  CHECK(progress_line("prompt", "tok", 0, 0, 0) == "prompt [....................] 0 %, 0 tok/s");
  CHECK(progress_line("prompt", "tok", 1, 4, 2) == "prompt [#####...............] 25 %, 0.5 tok/s, 6 s left");
}

TEST_CASE("a progress line moves while it waits for an update") {
  const auto after = [](double waited) { return progress_line("noise", "tok", 25, 100, 2, waited); };
  CHECK(after(1) == "noise [#####...............] 25 %, 12 tok/s, 5 s left");
  CHECK(after(4) == "noise [#####...............] 25 %, 12 tok/s, 2 s left");
  CHECK(after(7) == "noise [#####...............] 25 %, 12 tok/s, 9 s so far");
  CHECK(after(8) == "noise [#####...............] 25 %, 12 tok/s, 10 s so far");
  CHECK(progress_line("noise", "tok", 0, 100, 0, 3) ==
        "noise [....................] 0 %, 0 tok/s, 3 s so far");
  CHECK(progress_line("prompt", "tok", 30, 30, 2, 1) ==
        "prompt [####################] 100 %, 15 tok/s, 3 s so far");
  CHECK(progress_line("packing", "", 0, 0, 0, 3.9) == "packing, 3 s so far");
  CHECK(progress_line("packing", "", 0, 0, 0, 3.9, 12) == "packing");
}

}  // namespace kelvin
