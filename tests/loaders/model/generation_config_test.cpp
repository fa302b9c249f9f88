#include "loaders/model/generation_config.h"

#include <doctest/doctest.h>

#include <limits>

#include "loaders/json/json.h"
#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

GenerationConfig read_generation(const std::string& config, const std::string& generation) {
  return generation_config(parse_json(config, "config.json"),
                           parse_json(generation, "generation_config.json"));
}

}  // namespace

TEST_CASE("ids that end an answer are those of both files") {
  using Ids = std::vector<int>;
  CHECK(generation_config(parse_json(R"({"eos_token_id": 7})"), std::nullopt).eos == Ids{7});
  CHECK(generation_config(parse_json("{}"), std::nullopt).eos.empty());
  CHECK(read_generation(R"({"eos_token_id": 7})", R"({"eos_token_id": [9, 7, 3, 9]})").eos == Ids{3, 7, 9});
  CHECK(read_generation(R"({"eos_token_id": null})", R"({"eos_token_id": 2})").eos == Ids{2});
  CHECK(read_generation(R"({"eos_token_id": [5]})", "{}").eos == Ids{5});
  CHECK(read_generation(R"({"eos_token_id": -1})", R"({"eos_token_id": [-1, 0]})").eos == Ids{0});
  CHECK(read_generation(R"({"bos_token_id": 1})", R"({"bos_token_id": 4})").bos == 4);
  CHECK(read_generation(R"({"bos_token_id": 1})", R"({"bos_token_id": null})").bos == 1);
  CHECK_FALSE(read_generation(R"({"bos_token_id": -1})", "{}").bos);
}

TEST_CASE("what the makers recommend is read, what they do not say stays absent") {
  const GenerationConfig said = read_generation(
      "{}", R"({"do_sample": true, "temperature": 0.6, "top_p": 0.9, "top_k": 50, "min_p": 0.05,
      "repetition_penalty": 1.1, "max_new_tokens": 300, "transformers_version": "4.46.3"})");
  CHECK(said.do_sample == true);
  CHECK(said.temperature == 0.6);
  CHECK(said.top_p == 0.9);
  CHECK(said.top_k == 50);
  CHECK(said.min_p == 0.05);
  CHECK(said.repetition_penalty == 1.1);
  CHECK(said.max_new_tokens == 300);
  const GenerationConfig unsaid = read_generation("{}", R"({"temperature": null})");
  CHECK_FALSE(unsaid.do_sample);
  CHECK_FALSE(unsaid.temperature);
  CHECK_FALSE(unsaid.top_p);
  CHECK_FALSE(unsaid.top_k);
  CHECK_FALSE(unsaid.min_p);
  CHECK_FALSE(unsaid.repetition_penalty);
  CHECK_FALSE(unsaid.max_new_tokens);
  CHECK(read_generation("{}", R"({"top_k": -1})").top_k == 0);
  CHECK(read_generation("{}", R"({"temperature": -0.5})").temperature == -0.5);
}

TEST_CASE("constraints are read; what nothing does is named, unless it asks for nothing") {
  const GenerationConfig said = read_generation(
      R"({"eos_token_id": 2})",
      R"({"suppress_tokens": [1, -1, 5], "begin_suppress_tokens": [220], "bad_words_ids": [[2], [7, 8]],
      "sequence_bias": [[[3, 4], -2.5]], "min_new_tokens": 5, "no_repeat_ngram_size": 3, "typical_p": 0.9,
      "epsilon_cutoff": 0.001, "eta_cutoff": 0.002, "top_h": 0.4, "max_length": 4096, "stop_strings": ["END", ""],
      "encoder_repetition_penalty": 1.5, "encoder_no_repeat_ngram_size": 4,
      "exponential_decay_length_penalty": [10, 1.2], "num_beams": 4, "early_stopping": false, "guidance_scale": 1.0,
      "penalty_alpha": 0.6, "watermarking_config": {"bias": 2.0}, "forced_eos_token_id": 2, "renormalize_logits": true})");
  CHECK(said.suppress_tokens == std::vector<int>{1, 5});
  CHECK(said.begin_suppress_tokens == std::vector<int>{220});
  REQUIRE(said.sequence_bias.size() == 2);
  CHECK(said.sequence_bias[0].first == std::vector<int>{7, 8});
  CHECK(said.sequence_bias[0].second == -std::numeric_limits<double>::infinity());
  CHECK(said.sequence_bias[1].second == -2.5);
  CHECK(said.max_length == 4096);
  CHECK(said.encoder_repetition_penalty == 1.5);
  CHECK(said.encoder_no_repeat_ngram_size == 4);
  CHECK(said.stop_strings == std::vector<std::string>{"END"});
  CHECK(said.exponential_decay_length_penalty == std::pair(10, 1.2));
  std::string keys;
  for (const auto& [key, reason] : said.ignored) keys += key + " ";
  CHECK(keys == "num_beams penalty_alpha forced_eos_token_id watermarking_config ");
}

TEST_CASE("wrong values are refused by file and key") {
  const auto error_of = [](const std::string& generation) {
    return load_error([&] { read_generation("{}", generation); });
  };
  for (const char* member :
       {"\"temperature\": \"hot\"", "\"top_p\": 1.5", "\"top_p\": -0.1", "\"min_p\": 2", "\"top_k\": 3.5",
        "\"top_k\": -2", "\"repetition_penalty\": 0", "\"do_sample\": 1", "\"max_new_tokens\": -1",
        "\"eos_token_id\": \"2\"", "\"eos_token_id\": 1.0", "\"eos_token_id\": 2147483648",
        "\"bos_token_id\": [1]", "\"bad_words_ids\": 1", "\"sequence_bias\": {}", "\"temperature\": NaN",
        "\"typical_p\": Infinity", "\"encoder_repetition_penalty\": 0"}) {
    CAPTURE(member);
    const std::string key(member + 1, std::string_view(member).find('"', 1) - 1);
    CHECK(holds(error_of("{" + std::string(member) + "}"), "generation_config.json: " + key + ": "));
  }
  CHECK(holds(error_of(R"({"eos_token_id": [1, "2"]})"), "generation_config.json: eos_token_id[1]: "));
  CHECK(holds(error_of("[]"), "generation_config.json: an object expected"));
}
