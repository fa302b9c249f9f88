#include "tools/generation/continuation.h"

#include <doctest/doctest.h>

namespace kelvin {

TEST_CASE("rates, cache and mean log-probability") {
  Continuation result;
  result.prompt_tokens = 60;
  result.cached = 20;
  result.prompt_seconds = 0.5;
  result.decode_seconds = 2;
  result.ids = {1, 2, 3, 4, 5};
  result.log_probabilities = {-1, -2, -3, -4, -5};
  CHECK(statistics_line(result, 0.25) ==
        "load 0.25 s; prompt 40 tok, 80.0 tok/s (+ 20 cached); answer 5 tok, 2.0 tok/s; mean ln p -3.0000 "
        "(perplexity 20.09)");
}

}  // namespace kelvin
