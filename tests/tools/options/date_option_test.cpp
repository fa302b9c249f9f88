#include "tools/options/date_option.h"

#include <doctest/doctest.h>

#include "tools/options/flags.h"

namespace kelvin {

TEST_CASE("days are read and written back; days that do not exist are refused") {
  CHECK(date_text(parse_date("2026-11-21")) == "2026-11-21");
  CHECK(parse_date("2024-02-29").day == 29);
  for (const char* wrong : {"", "2026-11-31", "2023-02-29", "2026-13-01", "2026-1-1", "21.11.2026",
                            "2026-11-211", "2026+11-21", "+026-11-21"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(parse_date(wrong), UsageError);
  }
}

}  // namespace kelvin
