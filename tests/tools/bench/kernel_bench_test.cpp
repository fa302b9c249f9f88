#include "tools/bench/kernel_bench.h"

#include <doctest/doctest.h>

#include <iterator>

#include "engine/kernels/kernels.h"
#include "engine/weights/packed.h"
#include "loaders/json/json.h"

using namespace kelvin;

TEST_CASE("the products of every packed format are timed") {
  int done = 0, of = 0;
  const KernelBench bench =
      run_kernel_bench(*supported_kernels().front(), 16, 1, [&](int formats, int total) {
        done = formats;
        of = total;
      });
  REQUIRE(bench.formats.size() == static_cast<std::size_t>(last_storage) - 1);  // less f32 and bf16
  CHECK(done == of);
  CHECK(done == static_cast<int>(bench.formats.size()));
  CHECK(bench.limit_giga_macs_s > 0);
  for (const KernelSpeed& speed : bench.formats) {
    CAPTURE(speed.format);
    REQUIRE(speed.giga_macs_s.size() == std::size(kernel_bench_tokens));
    for (const double rate : speed.giga_macs_s) CHECK(rate > 0);
    // With one token, a byte is read for so many multiply-adds.
    CHECK(speed.read_gb_s == doctest::Approx(speed.giga_macs_s[0] * speed.bits / 8));
  }
  CHECK(bench.formats.front().format == "q8");
  CHECK(bench.formats.front().bits == 8.25);
  const JsonDocument json = parse_json(kernel_bench_json(bench));
  CHECK(json.root().at("formats").size() == bench.formats.size());
  CHECK(kernel_bench_text(bench).find("\nq4_k      4.62") != std::string::npos);
}
