#include "loaders/model/generation_config.h"

#include <doctest/doctest.h>

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

TEST_CASE("wrong values are refused by file and key") {
  const auto error_of = [](const std::string& generation) {
    return load_error([&] { read_generation("{}", generation); });
  };
  for (const char* member :
       {"\"temperature\": \"hot\"", "\"top_p\": 1.5", "\"top_p\": -0.1", "\"min_p\": 2", "\"top_k\": 3.5",
        "\"top_k\": -2", "\"repetition_penalty\": 0", "\"do_sample\": 1", "\"max_new_tokens\": -1",
        "\"eos_token_id\": \"2\"", "\"eos_token_id\": 1.0", "\"eos_token_id\": 2147483648",
        "\"bos_token_id\": [1]"}) {
    CAPTURE(member);
    const std::string key(member + 1, std::string_view(member).find('"', 1) - 1);
    CHECK(holds(error_of("{" + std::string(member) + "}"), "generation_config.json: " + key + ": "));
  }
  CHECK(holds(error_of(R"({"eos_token_id": [1, "2"]})"), "generation_config.json: eos_token_id[1]: "));
  CHECK(holds(error_of("[]"), "generation_config.json: an object expected"));
}
