#include "engine/machine_limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/tensor.h"
#include "engine/thread_team.h"

namespace kelvin {
namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double read_gb_s(const Kernels& kernels, ThreadTeam& team) {
  // Larger than any cache, taken in portions as a matmul takes blocks of rows.
  constexpr std::size_t bytes = std::size_t{512} << 20, portion = std::size_t{1} << 20;
  constexpr int portions = bytes / portion, repetitions = 6;
  AlignedBuffer memory(bytes);
  std::atomic<std::uint64_t> sum = 0;
  double best = 0;
  // The first round only brings the pages in.
  for (int repetition = -1; repetition < repetitions; ++repetition) {
    const double seconds = seconds_of([&] {
      team.run([&](ThreadTeam::Member& member) {
        member.share(portions, [&](int i) {
          std::byte* start = memory.data() + static_cast<std::size_t>(i) * portion;
          if (repetition < 0) {
            std::fill(start, start + portion, static_cast<std::byte>(i));
          } else {
            sum += kernels.read_burst(start, portion);
          }
        });
      });
    });
    if (repetition >= 0) best = std::max(best, static_cast<double>(bytes) / seconds / 1e9);
  }
  return best;
}

double fma_gflops(const Kernels& kernels, ThreadTeam& team) {
  constexpr std::uint64_t rounds = 2'000'000;
  constexpr int repetitions = 8;
  std::atomic<std::uint64_t> operations = 0;
  double best = 0;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    operations = 0;
    const double seconds = seconds_of([&] {
      team.run([&](ThreadTeam::Member&) {
        float sink = 0;
        operations += kernels.fma_burst(rounds, &sink);
      });
    });
    best = std::max(best, 2.0 * static_cast<double>(operations.load()) / seconds / 1e9);
  }
  return best;
}

}  // namespace

MachineLimits measure_machine(const Kernels& kernels, int threads) {
  ThreadTeam team(threads);
  return {read_gb_s(kernels, team), fma_gflops(kernels, team)};
}

}  // namespace kelvin
