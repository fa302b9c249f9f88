#include "engine/thread_team.h"

#include <doctest/doctest.h>

#include <atomic>
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
        member.share(1000, [&](int unit) { ++first[unit]; });
        // Reads what other members wrote before the barrier.
        member.share(1000, [&](int unit) { second[unit] += first[999 - unit]; });
        member.share(0, [&](int) { first[0] = -1000; });
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

TEST_CASE("teams of different sizes can take turns") {
  ThreadTeam small(1), large(4);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> sum = 0;
    small.run([&](ThreadTeam::Member& member) { member.share(10, [&](int unit) { sum += unit; }); });
    large.run([&](ThreadTeam::Member& member) { member.share(10, [&](int unit) { sum += unit; }); });
    CHECK(sum == 90);
  }
}

TEST_CASE("there is a processor to run on") { CHECK(available_processors() >= 1); }
