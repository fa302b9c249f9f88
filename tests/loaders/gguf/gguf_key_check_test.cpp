#include "loaders/gguf/gguf_key_check.h"

#include <doctest/doctest.h>

#include <map>

#include "loaders/gguf/gguf_config.h"
#include "tests/loaders/gguf_builder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// What is said of a Qwen2 with this key; "" if it is read.
template <class Put>
std::string said_of(Put put, const std::string& architecture = "qwen2") {
  GgufBuilder builder;
  builder.text("general.architecture", architecture);
  const auto key = [&](const char* name) { return architecture + "." + name; };
  builder.u32(key("block_count"), 2).u32(key("embedding_length"), 64).u32(key("feed_forward_length"), 96);
  builder.u32(key("attention.head_count"), 4);
  builder.tensor("token_embd.weight", {320, 64}, 1, std::string(320 * 64 * 2, 'x'));
  put(builder);
  const std::string bytes = builder.file();
  const GgufFile file(std::as_bytes(std::span(bytes)), "m.gguf");
  const GgufKeys keys({&file});
  return load_error([&] { gguf_config(keys, gguf_family(keys)); });
}

std::string said_of_number(const std::string& key, float value) {
  return said_of([&](GgufBuilder& f) { f.f32("qwen2." + key, value); });
}

}  // namespace

TEST_CASE("keys that would change what is computed are refused by name, unless they change nothing") {
  // A value that changes nothing, and one that does.
  const std::map<std::string, std::pair<float, float>> keys{
      {"attention.scale", {0.25f, 0.3f}},
      {"attention.clamp_kqv", {0, 8}},
      {"attention.max_alibi_bias", {0, 8}},
      {"attention.temperature_scale", {0, 0.1f}},
      {"attention.temperature_length", {0, 8192}},
      {"attention.output_scale", {1, 0.5f}},
      {"attention.key_length_swa", {16, 8}},
      {"attn_logit_softcapping", {0, 50}},
      {"final_logit_softcapping", {0, 30}},
      {"router_logit_softcapping", {0, 30}},
      {"logit_scale", {1, 0.0625f}},
      {"embedding_scale", {1, 12}},
      {"residual_scale", {1, 0.22f}},
      {"pooling_type", {0, 3}},
      {"interleave_moe_layer_step", {1, 2}},
      {"leading_dense_block_count", {0, 1}},
      {"nextn_predict_layers", {0, 1}},
      {"embedding_length_out", {64, 32}},
      {"rope.scaling.attn_factor", {1, 1.2f}},
      {"rope.scaling.yarn_ext_factor", {1, 0.5f}},
      {"rope.scaling.yarn_log_multiplier", {0, 0.1f}},
      {"rope.freq_base_swa", {10000, 500}},
  };
  for (const auto& row : keys) {
    const auto& key = row.first;
    const auto& values = row.second;
    CAPTURE(key);
    // Sizes are compared with those that the file says.
    const auto with_twins = [&](float value) {
      return said_of([&](GgufBuilder& f) {
        f.u32("qwen2.attention.key_length", 16).f32("qwen2.rope.freq_base", 10000);
        f.f32("qwen2." + key, value);
      });
    };
    CHECK(with_twins(values.first).empty());
    CHECK(holds(with_twins(values.second), "m.gguf: qwen2." + key + ": "));
  }
  CHECK(said_of([](GgufBuilder& f) { f.boolean("qwen2.attention.causal", true); }).empty());
  CHECK(holds(
      said_of([](GgufBuilder& f) { f.boolean("qwen2.attention.causal", false); }),
      "m.gguf: qwen2.attention.causal: true expected (another value changes what is computed, and qwen2 "
      "is not known to have one), false found"));
  CHECK(said_of([](GgufBuilder& f) { f.boolean("qwen2.use_parallel_residual", false); }).empty());
  CHECK(holds(said_of([](GgufBuilder& f) { f.boolean("qwen2.swin_norm", true); }), "qwen2.swin_norm: false"));
  // Layer by layer: all of them count.
  CHECK(said_of([](GgufBuilder& f) { f.floats("qwen2.residual_scale", {1, 1}); }).empty());
  CHECK(holds(said_of([](GgufBuilder& f) {
                f.floats("qwen2.residual_scale", {1, 0.5f});
              }),
              "qwen2.residual_scale: 0 or 1 expected"));
  CHECK(holds(said_of([](GgufBuilder& f) { f.text("qwen2.logit_scale", "1"); }), "\"1\" found"));
}

TEST_CASE("unknown keys are refused by name; what cannot matter may stand") {
  CHECK(holds(said_of_number("attention.curvature", 1),
              "m.gguf: qwen2.attention.curvature: no such key expected (it is not known what it changes for "
              "qwen2), 1 found"));
  CHECK(holds(said_of([](GgufBuilder& f) { f.text("qwen2.tensor_data_layout", "jploski"); }),
              "qwen2.tensor_data_layout: \"Meta AI original pth\" expected"));
  CHECK(said_of([](GgufBuilder& f) {
          f.u32("qwen2.vocab_size", 320).boolean("qwen2.rope.scaling.finetuned", true);
          f.f32("qwen2.attention.layer_norm_epsilon", 1e-5f).u32("qwen2.vision.block_count", 27);
          f.u32("qwen2.expert_count", 0).f32("qwen2.expert_weights_scale", 2.5f);
          f.u32("qwen2.attention.sliding_window_pattern", 6).u32("qwen2.attention.sliding_window", 0);
          f.text("qwen2.tensor_data_layout", "Meta AI original pth");
          // Other architectures' keys, and those of no architecture.
          f.f32("llama.attention.clamp_kqv", 8).text("quantize.imatrix.file", "x");
        }).empty());
  // With experts, how they are weighed counts.
  const auto experts = [](auto more) {
    return said_of(
        [&](GgufBuilder& f) {
          f.u32("qwen3moe.expert_count", 8).u32("qwen3moe.expert_used_count", 2);
          more(f);
        },
        "qwen3moe");
  };
  CHECK(experts([](GgufBuilder& f) { f.u32("qwen3moe.expert_gating_func", 1); }).empty());
  CHECK(holds(experts([](GgufBuilder& f) { f.u32("qwen3moe.expert_gating_func", 2); }),
              "qwen3moe.expert_gating_func: 0 or 1 (softmax) expected"));
  CHECK(holds(experts([](GgufBuilder& f) { f.f32("qwen3moe.expert_weights_scale", 2.5f); }),
              "qwen3moe.expert_weights_scale: 0 or 1 expected"));
  CHECK(holds(experts([](GgufBuilder& f) { f.u32("qwen3moe.expert_group_count", 4); }),
              "qwen3moe.expert_group_count: 0 or 1 expected"));
}
