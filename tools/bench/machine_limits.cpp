#include "tools/bench/machine_limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"
#include "engine/platform/thread_team.h"
#include "engine/weights/aligned_buffer.h"

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
      team.parallel_for(portions, [&](int i) {
        std::byte* start = memory.data() + static_cast<std::size_t>(i) * portion;
        if (repetition < 0) {
          std::fill(start, start + portion, static_cast<std::byte>(i));
        } else {
          sum += kernels.read_burst(start, portion);
        }
      });
    });
    if (repetition >= 0) best = std::max(best, static_cast<double>(bytes) / seconds / 1e9);
  }
  return best;
}

// 10^9 operations per second, two for each of the multiplications that all threads together report.
template <class Burst>
double best_giga_operations(ThreadTeam& team, const Burst& burst) {
  constexpr int repetitions = 8;
  std::atomic<std::uint64_t> multiplications = 0;
  double best = 0;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    multiplications = 0;
    const double seconds =
        seconds_of([&] { team.parallel_for(team.threads(), [&](int) { multiplications += burst(); }); });
    best = std::max(best, 2.0 * static_cast<double>(multiplications.load()) / seconds / 1e9);
  }
  return best;
}

double fma_gflops(const Kernels& kernels, ThreadTeam& team) {
  return best_giga_operations(team, [&] {
    float sink = 0;
    return kernels.fma_burst(2'000'000, &sink);
  });
}

double int8_gops(const Kernels& kernels, ThreadTeam& team) {
  return best_giga_operations(team, [&] {
    std::int32_t sink = 0;
    return kernels.quantized->multiply_burst(1'000'000, &sink);
  });
}

}  // namespace

double int8_gops(const Kernels& kernels, int threads) {
  ThreadTeam team(threads);
  return int8_gops(kernels, team);
}

MachineLimits measure_machine(const Kernels& kernels, int threads) {
  ThreadTeam team(threads);
  MachineLimits limits{read_gb_s(kernels, team), fma_gflops(kernels, team), int8_gops(kernels, team), {}, {}};
  for (const Kernels* table : supported_kernels()) {
    const std::string_view name = table->name;
    if (name != "amx" && !name.ends_with("vnni")) continue;
    const double gops = table == &kernels ? limits.int8_gops : int8_gops(*table, team);
    std::optional<double>& best = name == "amx" ? limits.amx_gops : limits.vnni_gops;
    best = std::max(best.value_or(0), gops);
  }
  return limits;
}

}  // namespace kelvin
