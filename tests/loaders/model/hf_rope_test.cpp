#include "loaders/model/hf_rope.h"

#include <doctest/doctest.h>

#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

RopeSpec read_rope(const std::string& config, int head_dim = 16, int max_position = 4096) {
  return rope_spec(parse_json(config, "config.json").root(), head_dim, max_position);
}
std::string rope_error(const std::string& config, int head_dim = 16) {
  return load_error([&] { read_rope(config, head_dim); });
}

}  // namespace

TEST_CASE("without parameters the rotation is the plain one") {
  CHECK(read_rope("{}").kind == RopeKind::unscaled);
  CHECK(read_rope("{}").theta == 10000.0);
  CHECK(read_rope(R"({"rope_theta": 1e6, "rope_scaling": null})").theta == 1e6);
  CHECK(read_rope(R"({"rope_theta": null})").theta == 10000.0);
  CHECK(read_rope(R"({"rope_parameters": {"rope_theta": 7e5, "rope_type": "default"}})").theta == 7e5);
  CHECK(read_rope(R"({"rope_parameters": {"rope_theta": 7e5}})").kind == RopeKind::unscaled);
}

TEST_CASE("old and new spelling mean the same") {
  const RopeSpec specs[] = {
      read_rope(
          R"({"rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.5, "high_freq_factor": 4.5, "original_max_position_embeddings": 512}})"),
      read_rope(
          R"({"rope_theta": 5e5, "rope_scaling": {"type": "llama3", "factor": 8.0, "low_freq_factor": 1.5, "high_freq_factor": 4.5, "original_max_position_embeddings": 512}})"),
      read_rope(
          R"({"rope_parameters": {"rope_theta": 5e5, "rope_type": "llama3", "factor": 8, "low_freq_factor": 1.5, "high_freq_factor": 4.5, "original_max_position_embeddings": 512}})"),
      read_rope(
          R"({"rope_theta": 5e5, "original_max_position_embeddings": 512, "rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1.5, "high_freq_factor": 4.5, "original_max_position_embeddings": 3}})")};
  for (const RopeSpec& rope : specs) {
    CHECK(rope.kind == RopeKind::llama3);
    CHECK(rope.theta == 5e5);
    CHECK(rope.factor == 8.0);
    CHECK(rope.low_freq_factor == 1.5);
    CHECK(rope.high_freq_factor == 4.5);
    CHECK(rope.original_max_position == 512);
  }
}

TEST_CASE("where both spellings stand, transformers' precedence holds") {
  const RopeSpec rope = read_rope(
      R"({"rope_theta": 1e6, "rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_type": "linear", "factor": 3, "rope_theta": 9}})");
  CHECK(rope.factor == 2);
  CHECK(rope.theta == 1e6);
  CHECK(
      read_rope(R"({"rope_scaling": {}, "rope_parameters": {"rope_type": "linear", "factor": 3}})").factor ==
      3);
  CHECK(read_rope(R"({"rope_theta": 1e6, "rope_parameters": {"rope_theta": 9, "rope_type": "default"}})")
            .theta == 9);
}

TEST_CASE("linear and dynamic scaling") {
  const RopeSpec linear = read_rope(R"({"rope_scaling": {"type": "linear", "factor": 2.5}})");
  CHECK(linear.kind == RopeKind::linear);
  CHECK(linear.factor == 2.5);
  // The length beyond which theta grows is the model's, whatever the parameters say.
  const RopeSpec dynamic = read_rope(
      R"({"rope_scaling": {"type": "dynamic", "factor": 4, "original_max_position_embeddings": 9}})", 16, 64);
  CHECK(dynamic.kind == RopeKind::dynamic);
  CHECK(dynamic.factor == 4);
  CHECK(dynamic.original_max_position == 64);
  CHECK(holds(rope_error(R"({"rope_scaling": {"type": "dynamic", "factor": 4}})", 2),
              "head_dim of at least 4"));
}

TEST_CASE("yarn with and without its optional parameters") {
  const RopeSpec plain = read_rope(R"({"rope_scaling": {"type": "yarn", "factor": 8.0}})", 16, 512);
  CHECK(plain.kind == RopeKind::yarn);
  CHECK(plain.factor == 8);
  CHECK(plain.original_max_position == 512);
  CHECK(plain.beta_fast == 32);
  CHECK(plain.beta_slow == 1);
  CHECK(plain.truncate);
  CHECK_FALSE(plain.attention_factor);
  CHECK_FALSE(plain.mscale);
  const RopeSpec full = read_rope(
      R"({"rope_scaling": {"type": "yarn", "factor": null, "original_max_position_embeddings": 64, "beta_fast": 24, "beta_slow": 2,
      "truncate": false, "attention_factor": 1.25, "mscale": 0.7, "mscale_all_dim": 0}})",
      16, 512);
  CHECK(full.factor == 8);  // 512 / 64, as transformers where the factor is null
  CHECK(full.original_max_position == 64);
  CHECK(full.beta_fast == 24);
  CHECK(full.beta_slow == 2);
  CHECK_FALSE(full.truncate);
  CHECK(full.attention_factor == 1.25);
  CHECK(full.mscale == 0.7);
  CHECK_FALSE(full.mscale_all_dim);
  CHECK(holds(rope_error(R"({"rope_theta": 1, "rope_scaling": {"type": "yarn", "factor": 8.0}})"),
              "rope_theta above 1"));
  CHECK(holds(
      rope_error(R"({"rope_scaling": {"type": "yarn", "factor": 8.0, "beta_fast": 1, "beta_slow": 2}})"),
      "beta_fast"));
}

TEST_CASE("wrong parameters are refused by name") {
  CHECK(rope_error(R"({"rope_scaling": {"rope_type": "spiral", "factor": 2}})") ==
        "config.json: rope_scaling: RoPE of kind default, linear, dynamic, llama3, yarn or longrope "
        "expected, \"spiral\" found");
  CHECK(holds(rope_error(R"({"rope_scaling": "linear"})"), "config.json: rope_scaling: an object expected"));
  CHECK(holds(rope_error(R"({"rope_scaling": {"factor": 2}})"),
              "config.json: rope_scaling: key \"rope_type\" expected"));
  CHECK(holds(rope_error(R"({"rope_scaling": {"type": 3, "factor": 2}})"),
              "config.json: rope_scaling.type: a string expected"));
  for (const char* kind : {"linear", "dynamic", "yarn", "llama3"}) {
    CAPTURE(kind);
    const std::string start = R"({"rope_scaling": {"low_freq_factor": 1, "high_freq_factor": 4, "type": ")" +
                              std::string(kind) + "\"";
    CHECK(holds(rope_error(start + "}}"), "config.json: rope_scaling: key \"factor\" expected"));
    for (const char* factor : {"\"2\"", "0", "-2", "[2]", "true"})
      CHECK(holds(rope_error(start + ", \"factor\": " + factor + "}}"),
                  "config.json: rope_scaling.factor: a number above 0 expected"));
  }
  const std::string llama3 = R"({"rope_scaling": {"type": "llama3", "factor": 8, )";
  CHECK(holds(rope_error(llama3 + "\"high_freq_factor\": 4}}"), "key \"low_freq_factor\" expected"));
  CHECK(holds(rope_error(llama3 + "\"low_freq_factor\": 1}}"), "key \"high_freq_factor\" expected"));
  CHECK(holds(rope_error(llama3 + "\"low_freq_factor\": 4, \"high_freq_factor\": 1}}"),
              "rope_scaling.high_freq_factor: a number from 4 expected, 1 found"));
  CHECK(holds(rope_error(llama3 + "\"low_freq_factor\": 0, \"high_freq_factor\": 1}}"),
              "rope_scaling.low_freq_factor"));
  CHECK(
      holds(rope_error(
                llama3 +
                "\"low_freq_factor\": 1, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 0}}"),
            "original_max_position_embeddings: an integer from 1"));
  for (const char* theta : {"0", "-1", "\"big\"", "[]"}) {
    CHECK(holds(rope_error("{\"rope_theta\": " + std::string(theta) + "}"),
                "config.json: rope_theta: a number above 0 expected"));
    CHECK(holds(rope_error("{\"rope_parameters\": {\"rope_theta\": " + std::string(theta) + "}}"),
                "config.json: rope_parameters.rope_theta: "));
  }
  CHECK(holds(rope_error(R"({"partial_rotary_factor": 0.5})"),
              "config.json: partial_rotary_factor: 1 expected"));
  CHECK(holds(rope_error(R"({"rope_parameters": {"partial_rotary_factor": 0.5}})"),
              "rope_parameters.partial_rotary_factor: 1 expected"));
  CHECK(holds(rope_error(R"({"rope_parameters": {"full_attention": {"rope_type": "default"}}})"),
              "rope_parameters.full_attention: one set of RoPE parameters"));
}

TEST_CASE("longrope: lists of factors, the border and the attention factor") {
  const auto longrope = [](const std::string& shorts, const std::string& longs, const std::string& more = "",
                           const std::string& outer = "") {
    return "{" + outer + R"("rope_scaling": {"type": "longrope", "short_factor": )" + shorts +
           ", \"long_factor\": " + longs + more + "}}";
  };
  const RopeSpec plain = read_rope(longrope("[1, 1.5]", "[2, 3]"), 4, 512);
  CHECK(plain.kind == RopeKind::longrope);
  CHECK(plain.short_factors == std::vector{1.0, 1.5});
  CHECK(plain.long_factors == std::vector{2.0, 3.0});
  CHECK(plain.original_max_position == 512);
  CHECK(plain.factor == 1.0);
  const RopeSpec outer =
      read_rope(longrope("[1, 1]", "[2, 3]", "", "\"original_max_position_embeddings\": 64, "), 4, 512);
  CHECK(outer.original_max_position == 64);
  CHECK(outer.factor == 8.0);
  CHECK(
      read_rope(longrope("[1, 1]", "[2, 3]", ", \"factor\": 5, \"attention_factor\": 1.25"), 4, 512).factor ==
      5.0);
  CHECK(read_rope(longrope("[1, 1]", "[2, 3]", ", \"attention_factor\": 1.25"), 4, 512).attention_factor ==
        1.25);
  CHECK(read_rope(R"({"rope_scaling": {"type": "su", "short_factor": [1], "long_factor": [2]}})", 2).kind ==
        RopeKind::longrope);
  CHECK(holds(
      rope_error(longrope("[1, 1]", "[1]"), 4),
      "rope_scaling.long_factor: 2 numbers expected (half of the rotated dimensions of a head), 1 found"));
  CHECK(holds(rope_error(longrope("[1, \"1\"]", "[1, 1]"), 4),
              "rope_scaling.short_factor[1]: a number above 0 expected"));
  CHECK(holds(rope_error(longrope("3", "[1, 1]"), 4), "rope_scaling.short_factor: an array expected"));
  CHECK(holds(rope_error(longrope("[1, 1]", "[1, 1]", ", \"original_max_position_embeddings\": 1"), 4),
              "at least 2"));
}

TEST_CASE("a family's defaults: theta, the part of a head that rotates, parameters per kind of layer") {
  const auto with = [](const std::string& config, const RopeDefaults& defaults) {
    return rope_spec(parse_json(config, "config.json").root(), 16, 4096, defaults);
  };
  CHECK(with("{}", {.theta = 2e6}).theta == 2e6);
  CHECK(with(R"({"rope_theta": 7})", {.theta = 2e6}).theta == 7);
  CHECK(with(R"({"rope_theta": 7})", {.theta = 2e6, .theta_key = ""}).theta == 2e6);
  CHECK(with("{}", {.rotated_part = 0.25}).dims == 4);
  CHECK(with(R"({"partial_rotary_factor": 0.7})", {.rotated_part = 0.25}).dims == 11);
  CHECK(with(R"({"rope_parameters": {"partial_rotary_factor": 0.5}})", {.rotated_part = 1.0}).dims == 8);
  for (const char* part : {"0.01", "1.5"})
    CHECK(holds(load_error([&] {
                  with("{\"partial_rotary_factor\": " + std::string(part) + "}", {.rotated_part = 1.0});
                }),
                "partial_rotary_factor: a part of a head expected"));
  CHECK(
      with(
          R"({"rope_scaling": {"type": "yarn", "short_factor": [1, 1, 1, 1, 1, 1, 1, 1], "long_factor": [1, 1, 1, 1, 1, 1, 1, 1]}})",
          {.original_max_position = 64, .yarn_is_longrope = true})
          .original_max_position == 64);

  const std::string nested =
      R"({"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8, "rope_theta": 1e6},
      "sliding_attention": {"rope_type": "default", "rope_theta": 5}}})";
  CHECK(with(nested, {.layer_type = "full_attention"}).kind == RopeKind::linear);
  CHECK(with(nested, {.layer_type = "full_attention"}).theta == 1e6);
  CHECK(with(nested, {.layer_type = "sliding_attention", .scaled = false}).theta == 5);
  const std::string old =
      R"({"rope_theta": 9, "rope_local_base_freq": 3, "rope_scaling": {"rope_type": "linear", "factor": 8}})";
  CHECK(with(old, {.layer_type = "full_attention"}).factor == 8);
  const RopeSpec local =
      with(old, {.theta_key = "rope_local_base_freq", .layer_type = "sliding_attention", .scaled = false});
  CHECK(local.theta == 3);
  CHECK(local.kind == RopeKind::unscaled);
}
