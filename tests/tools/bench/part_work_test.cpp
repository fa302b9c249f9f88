#include "tools/bench/part_work.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "loaders/model/model_folder.h"
#include "tests/support.h"

using namespace kelvin;

namespace {

const std::filesystem::path ember = test::source_dir() / "tools" / "ember";

const Work& of(const PartWork& work, PassPart part) { return work[static_cast<std::size_t>(part)]; }

}  // namespace

TEST_CASE("a prompt reads the weights once a chunk, decoding at every step") {
  const std::vector<Pass> prompt = prefill_passes(default_chunk + 100);
  REQUIRE(prompt.size() == 2);
  CHECK(prompt[0].tokens == default_chunk);
  CHECK(prompt[0].wanted == 0);
  CHECK(prompt[1].position == default_chunk);
  CHECK(prompt[1].tokens == 100);
  CHECK(prompt[1].wanted == 1);
  CHECK(prefill_passes(default_chunk).size() == 1);
  CHECK(prefill_passes(default_chunk)[0].wanted == 1);

  const std::vector<Pass> decoded = decode_passes(10, 3, 4);
  REQUIRE(decoded.size() == 3);
  CHECK(decoded[2].position == 12);
  CHECK(decoded[2].sequences == 4);
  CHECK(decoded[2].wanted == 4);
}

TEST_CASE("attention sees and reads what its windows show") {
  LoadedModel loaded = load_model(ember);
  for (const int window : {0, 1, 30, 300, 1000}) {
    CAPTURE(window);
    for (LayerSpec& layer : loaded.config.layers) layer.window = window;
    Weights weights = load_weights(ember, loaded.config);
    const Model model(loaded.config, std::move(weights), {1, nullptr, KvStorage::f32});
    const auto seen = [&](int position) {
      return window > 0 ? std::min(position + 1, window) : position + 1;
    };
    const double per_pair = 4.0 * 5 * 8 * 32, per_position = 2.0 * 4 * 32 * 4 * 5;

    const int tokens = default_chunk + 100;
    double attended = 0;
    for (int i = 0; i < tokens; ++i) attended += seen(i);
    const PartWork prompt = part_work(model, prefill_passes(tokens));
    CHECK(of(prompt, PassPart::attention).operations == per_pair * attended);
    const int first_chunk = default_chunk;
    const int second_chunk = window > 0 ? std::min(tokens, window + 99) : tokens;
    CHECK(of(prompt, PassPart::attention).bytes == per_position * (first_chunk + second_chunk));

    const PartWork decoded = part_work(model, decode_passes(50, 2, 3));
    const double pairs = 3.0 * (seen(50) + seen(51));
    CHECK(of(decoded, PassPart::attention).operations == per_pair * pairs);
    CHECK(of(decoded, PassPart::attention).bytes == per_position * pairs);
  }
}

TEST_CASE("parts add up to the weights, keys and values read and to the operations") {
  LoadedModel loaded = load_model(ember);
  const Model model(loaded.config, std::move(loaded.weights), {2, nullptr, KvStorage::q8});
  const PartWork work = part_work(model, decode_passes(10, 1, 1));
  // bfloat16, 5 layers of hidden size 256: 8 heads of 32, 4 of keys and values, 512 within the MLP; 2048
  // tokens.
  CHECK(of(work, PassPart::projections).bytes == 5 * 2 * (256 + 2 * 128) * 256);
  CHECK(of(work, PassPart::attention_out).operations == 5 * 2 * 256 * 256);
  CHECK(of(work, PassPart::mlp_up).bytes == 5 * 2 * 2 * 512 * 256);
  CHECK(of(work, PassPart::mlp_down).operations == 5 * 2 * 512 * 256);
  CHECK(of(work, PassPart::head).bytes == 2 * 2048 * 256);
  // 11 positions, 5 layers, 4 heads: keys and values of 32 bytes, and a scale each.
  CHECK(of(work, PassPart::attention).bytes == 11 * 5 * 4 * 2 * (32 + 4));
  CHECK(of(work, PassPart::attention).operations == 4 * 11 * 5 * 8 * 32);
  CHECK(of(work, PassPart::norms).operations == 0);
  double bytes = 0;
  for (const Work& part : work) bytes += part.bytes;
  CHECK(bytes_of(work) == bytes);
}

TEST_CASE("the least time is that of the slower of reading and computing") {
  MachineLimits limits{};
  limits.read_gb_s = 10;
  limits.fma_gflops = 100;
  limits.int8_gops = 400;
  CHECK(Work{2e9, 1e9, false}.min_seconds(limits) == doctest::Approx(0.2));
  CHECK(Work{2e9, 60e9, false}.min_seconds(limits) == doctest::Approx(0.6));
  CHECK(Work{2e9, 60e9, true}.min_seconds(limits) == doctest::Approx(0.2));
}
