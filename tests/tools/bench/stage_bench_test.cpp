#include "tools/bench/stage_bench.h"

#include <doctest/doctest.h>

#include "loaders/json/json.h"
#include "sampling/registry.h"

using namespace kelvin;

TEST_CASE("every stage of the registry is timed, the chain and the draw beside it") {
  int done = 0;
  const StageBench bench = run_stage_bench(3000, 2, [&](int stages, int) { done = stages; });
  REQUIRE(bench.stages.size() == stage_types().size());
  CHECK(done == static_cast<int>(stage_types().size()));
  for (std::size_t i = 0; i < bench.stages.size(); ++i) {
    CAPTURE(bench.stages[i].chain);
    CHECK(bench.stages[i].chain.starts_with(stage_types()[i].name));
    CHECK(bench.stages[i].milliseconds > 0);
    CHECK(bench.stages[i].below_zero_milliseconds > 0);
    CHECK(bench.stages[i].hot_milliseconds > 0);
  }
  CHECK(bench.usual.chain == "temp=0.8");
  CHECK(bench.draw_milliseconds > 0);
  const JsonDocument json = parse_json(stage_bench_json(bench));
  CHECK(json.root().at("stages").size() == stage_types().size());
  CHECK(json.root().at("share_of_decode").as_double() ==
        doctest::Approx(bench.usual.milliseconds * bench.read_gb_s * 1e6 / (2 * 1235814400.0)));
  CHECK(stage_bench_text(bench).find("min-p=0.05\n") != std::string::npos);
}
