#include "tools/options/model_options.h"
#include "engine/weights/config.h"
#include "engine/weights/weights.h"

#include <doctest/doctest.h>

#include <fstream>

#include "loaders/files/load_error.h"
#include "tests/tools/demo.h"
#include "tools/options/model_folder_option.h"
#include "tools/options/model_origin.h"

namespace kelvin {

TEST_CASE("the demo model opens with its ends and its context") {
  const OpenModel& model = test::demo();
  CHECK(model.stops == std::vector<int>{2044, 2047});
  CHECK(model.context == 1024);
  CHECK(model.token_bytes.size() == 2048);
  CHECK(model.vocabulary().bytes[2047] == "<|eot_id|>");
  CHECK(model.model->config().vocab_size == 2048);
}

TEST_CASE("folders are found or refused by name") {
  CHECK(std::filesystem::exists(model_folder(std::nullopt) / "config.json"));
  CHECK_THROWS_WITH_AS(model_folder("/nonexistent"), "--model: /nonexistent: no such folder or file",
                       UsageError);
  CHECK(model_folder("/etc/passwd") == "/etc/passwd");  // opening it says what is wrong with it
  const test::TemporaryFolder empty;
  ModelFlags flags;
  flags.folder = empty.path().string();
  CHECK_THROWS_AS(open_model(flags), LoadError);
}

TEST_CASE("an adapter is merged, named and hashed with its model") {
  const auto goldens = test::data_dir() / "goldens" / "models";
  ModelFlags flags;
  Flags words("tool", "purpose");
  flags.add_to(words);
  const std::string base = (goldens / "llama-gqa-llama3-bf16").string(),
                    lora = (test::data_dir() / "lora/plain").string();
  const char* const argv[] = {"tool", "--model", base.c_str(), "--lora", lora.c_str(), "--threads", "1"};
  REQUIRE(words.parse(7, argv));
  const std::unique_ptr<Model> merged = open_model_alone(flags);
  CHECK(merged->weights().layers.front().q.weight.storage == Storage::f32);  // merged numbers are no bf16
  const ModelOrigin with = origin_of(base, *merged, flags.load_options().lora),
                    without = origin_of(base, *merged, {});
  CHECK(with.name == "llama-gqa-llama3-bf16+plain");
  CHECK(without.name == "llama-gqa-llama3-bf16");
  CHECK(with.hash != without.hash);
}

}  // namespace kelvin
