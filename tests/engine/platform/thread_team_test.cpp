#include "engine/platform/thread_team.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace kelvin;

TEST_CASE("every unit is worked on once, and barriers separate the steps") {
  for (const int threads : {1, 2, 3, 4, 7}) {
    ThreadTeam team(threads);
    std::vector<int> first(1000), second(1000);
    std::atomic<int> members = 0;
    std::atomic<bool> caller_is_first = false;
    const std::thread::id caller = std::this_thread::get_id();
    team.run([&](ThreadTeam::Member& member) {
      ++members;
      if (member.rank() == 0) caller_is_first = std::this_thread::get_id() == caller;
      for (int round = 0; round < 20; ++round) {
        member.for_dynamic(1000, [&](int unit) { ++first[unit]; });
        // Reads what other members wrote before the barrier.
        member.for_dynamic(1000, [&](int unit) { second[unit] += first[999 - unit]; });
        member.for_dynamic(0, [&](int) { first[0] = -1000; });
      }
    });
    CHECK(members == threads);
    CHECK(caller_is_first);
    for (int unit = 0; unit < 1000; ++unit) {
      REQUIRE(first[unit] == 20);
      REQUIRE(second[unit] == 210);
    }
  }
}

TEST_CASE("runs of units are worked on once each, ascending by their owner, and helped with from the end") {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadTeam team(threads);
    for (const int units : {0, 1, 2, 6, 13, 1000}) {
      std::vector<int> worked(static_cast<std::size_t>(units));
      std::vector<std::vector<int>> order(static_cast<std::size_t>(threads));
      const auto start = [&](int member) { return units * member / threads; };
      constexpr int rounds = 15;
      team.run([&](ThreadTeam::Member& member) {
        for (int round = 0; round < rounds; ++round) {
          member.for_contiguous(units, [&](int unit) {
            ++worked[static_cast<std::size_t>(unit)];
            if (round == 0) order[static_cast<std::size_t>(member.rank())].push_back(unit);
            // One that is slow at first is helped.
            if (unit == 0 && round == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
          });
          // Another kind of step between may not disturb the next.
          if (round % 3 == 0) member.barrier();
        }
      });
      for (const int times : worked) REQUIRE(times == rounds);
      for (int rank = 0; rank < threads; ++rank) {
        int expected = start(rank);
        for (const int unit : order[static_cast<std::size_t>(rank)])
          if (unit >= start(rank) && unit < start(rank + 1)) REQUIRE(unit == expected++);
      }
    }
  }
}

TEST_CASE("a run whose owner is away is worked on by the others") {
  ThreadTeam team(2);
  std::atomic<int> done = 0;
  std::atomic<bool> helped = false;
  team.run([&](ThreadTeam::Member& member) {
    member.for_contiguous(10, [&](int unit) {
      // The owner of the first unit goes on once all the others are done.
      while (unit == 0 && done < 9 && member.size() > 1) std::this_thread::yield();
      if (unit > 0 && unit < 5 && member.rank() == 1) helped = true;
      ++done;
    });
  });
  CHECK(done == 10);
  CHECK(helped);
}

TEST_CASE("teams of different sizes can take turns") {
  ThreadTeam small(1), large(4);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> sum = 0;
    small.run([&](ThreadTeam::Member& member) { member.for_dynamic(10, [&](int unit) { sum += unit; }); });
    large.run([&](ThreadTeam::Member& member) { member.for_dynamic(10, [&](int unit) { sum += unit; }); });
    CHECK(sum == 90);
  }
}

TEST_CASE("there is a processor to run on") { CHECK(available_processors() >= 1); }
