#include "tools/options/model_options.h"
#include "engine/weights/config.h"

#include <doctest/doctest.h>

#include <fstream>

#include "loaders/files/load_error.h"
#include "tests/tools/demo.h"
#include "tools/options/model_folder_option.h"

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

}  // namespace kelvin
