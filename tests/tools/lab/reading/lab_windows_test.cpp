#include "tools/lab/reading/lab_windows.h"

#include <doctest/doctest.h>

#include <map>
#include <numeric>
#include <vector>

namespace kelvin {
namespace {

LabInput documents(const std::vector<int>& lengths) {
  LabInput input{"test", {}, 0};
  for (const int length : lengths) {
    std::vector<int> ids(static_cast<std::size_t>(length));
    std::iota(ids.begin(), ids.end(), 100);
    ids[0] = 1;  // BOS
    input.documents.push_back(ids);
  }
  return input;
}

TEST_CASE("every token is judged once, with enough before it") {
  for (const bool has_bos : {true, false})
    for (const int context : {8, 9, 30})
      for (const int overlap : {1, 4, 6})
        for (const int skip : {0, 1, 5, 17}) {
          CAPTURE(context);
          CAPTURE(overlap);
          CAPTURE(skip);
          const LabInput input = documents({23, 2, 8, 60});
          const auto windows =
              windows_of(input, has_bos ? std::optional(1) : std::nullopt, context, overlap, skip);
          std::map<int, int> judged;
          for (const Window& window : windows) {
            CHECK(window.size() <= context);
            CHECK(window.judged >= 1);
            CHECK(window.judged < window.size());
            for (int i = window.judged; i < window.size(); ++i) ++judged[window.position + i];
          }
          int offset = 0;
          std::size_t expected = 0;
          for (const auto& ids : input.documents) {
            for (int i = 1; i < static_cast<int>(ids.size()); ++i) {
              CHECK(judged[offset + i] == (i >= skip ? 1 : 0));
              expected += i >= skip;
            }
            offset += static_cast<int>(ids.size());
          }
          std::size_t found = 0;
          for (const auto& [position, times] : judged) found += static_cast<std::size_t>(times);
          CHECK(found == expected);
        }
}

TEST_CASE("what is given before a document is read and not judged") {
  LabInput input = documents({9, 5});
  input.given = {4, 2};
  const auto windows = windows_of(input, 1, 20, 4, 3);
  REQUIRE(windows.size() == 2);
  CHECK(windows[0].judged == 4);
  CHECK(windows[0].position == 0);
  CHECK(windows[1].judged == 3);
  CHECK(windows[1].position == 9);
}

TEST_CASE("later windows begin with BOS and share what was asked for") {
  const auto windows = windows_of(documents({20}), 1, 10, 4, 0);
  REQUIRE(windows.size() == 3);
  CHECK(windows[0].ids.size() == 10);
  // Judged from token 10 on: BOS, tokens 6 to 9 again, then new ones.
  CHECK(windows[1].ids == std::vector<int>{1, 106, 107, 108, 109, 110, 111, 112, 113, 114});
  CHECK(windows[1].judged == 5);
  CHECK(windows[1].position == 5);
  CHECK(windows[2].ids == std::vector<int>{1, 111, 112, 113, 114, 115, 116, 117, 118, 119});
  const auto without = windows_of(documents({20}), std::nullopt, 10, 4, 0);
  CHECK(without[1].ids.front() == 106);
  CHECK(without[1].judged == 4);
  CHECK_THROWS_AS(windows_of(documents({20}), 1, 10, 9, 0), UsageError);
  CHECK_THROWS_AS(windows_of(documents({20}), 1, 10, 0, 0), UsageError);
  CHECK(windows_of(documents({10}), 1, 10, 0, 0).size() == 1);
}

TEST_CASE("steps grow to a second's work, shrink at once where it takes longer, and have an end") {
  StepSize step;
  const int first = step.next();
  CHECK(first <= 16);
  step.took(first, 0.001);
  CHECK(step.next() == 2 * first);
  for (int i = 0; i < 20; ++i) step.took(step.next(), 0.001);
  CHECK(step.next() == default_chunk);
  step.took(200, 4);
  CHECK(step.next() == 50);
  step.took(50, 100);
  CHECK(step.next() == 1);
  step.took(1, 0);
  CHECK(step.next() == 2);
}

}  // namespace
}  // namespace kelvin
