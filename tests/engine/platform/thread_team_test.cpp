#include "engine/platform/thread_team.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace kelvin;

TEST_CASE("every unit is done once, and a loop sees what the one before it wrote") {
  for (const int threads : {1, 2, 3, 4, 7, 64}) {
    ThreadTeam team(threads);
    std::vector<int> first(1000), second(1000);
    for (int round = 0; round < 20; ++round) {
      team.parallel_for(1000, [&](int unit) { ++first[static_cast<std::size_t>(unit)]; });
      team.parallel_for(1000, [&](int unit) {
        second[static_cast<std::size_t>(unit)] += first[static_cast<std::size_t>(999 - unit)];
      });
      team.parallel_for(0, [&](int) { first[0] = -1000; });
    }
    for (std::size_t unit = 0; unit < 1000; ++unit) {
      REQUIRE(first[unit] == 20);
      REQUIRE(second[unit] == 210);
    }
  }
}

TEST_CASE("workers are numbered, the caller is 0, and none does two units at once") {
  for (const int threads : {1, 2, 5}) {
    ThreadTeam team(threads);
    std::vector<std::atomic<int>> busy(static_cast<std::size_t>(threads));
    std::atomic<bool> right = true;
    const std::thread::id caller = std::this_thread::get_id();
    for (int round = 0; round < 50; ++round)
      team.parallel_for(100, [&](int, int worker) {
        if (worker < 0 || worker >= threads) {
          right = false;
          return;
        }
        if ((worker == 0) != (std::this_thread::get_id() == caller)) right = false;
        if (busy[static_cast<std::size_t>(worker)].fetch_add(1) != 0) right = false;
        busy[static_cast<std::size_t>(worker)].fetch_sub(1);
      });
    CHECK(right);
  }
}

TEST_CASE("each worker takes its own part in ascending order") {
  for (const int threads : {1, 2, 3, 7})
    for (const int units : {1, 2, 6, 13, 1000}) {
      ThreadTeam team(threads);
      std::vector<std::vector<int>> order(static_cast<std::size_t>(threads));
      team.parallel_for(
          units, [&](int unit, int worker) { order[static_cast<std::size_t>(worker)].push_back(unit); });
      int done = 0;
      for (int worker = 0; worker < threads; ++worker) {
        int last = -1;
        for (const int unit : order[static_cast<std::size_t>(worker)]) {
          ++done;
          if (unit < units * worker / threads || unit >= units * (worker + 1) / threads) continue;
          CHECK(unit > last);
          last = unit;
        }
      }
      CHECK(done == units);
    }
}

TEST_CASE("whoever is away is stood in for") {
  // The leader's part is done by others while its first unit lasts, as long as it takes them to come.
  ThreadTeam team(2);
  std::atomic<int> done = 0;
  std::atomic<bool> helped = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  team.parallel_for(10, [&](int unit, int worker) {
    while (unit == 0 && worker == 0 && done < 9 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    if (unit > 0 && unit < 5 && worker == 1) helped = true;
    ++done;
  });
  CHECK(done == 10);
  CHECK(helped);
}

TEST_CASE("a helper that holds a unit for long is waited for, and the loops after it are whole") {
  ThreadTeam team(3);
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> done = 0;
    team.parallel_for(30, [&](int, int worker) {
      if (worker == 2) std::this_thread::sleep_for(std::chrono::milliseconds(3));
      ++done;
    });
    CHECK(done == 30);
  }
}

TEST_CASE("teams of different sizes take turns, and go while their helpers sleep") {
  ThreadTeam small(1), large(4);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> sum = 0;
    small.parallel_for(10, [&](int unit) { sum += unit; });
    large.parallel_for(10, [&](int unit) { sum += unit; });
    if (round % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    CHECK(sum == 90);
  }
  { ThreadTeam unused(8); }
}
