#include "loaders/tokenizer/tokenizer_folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "tests/loaders/defect_case.h"
#include "tests/loaders/load_error_check.h"
#include "tests/support.h"

namespace kelvin::test {
namespace {

constexpr const char* small_model = R"("model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})";

std::string with(const std::string& more) { return std::string("{") + small_model + ", " + more + "}"; }

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("defective tokenizer files are refused with file and key") {
  if (!std::filesystem::exists(defects_dir() / "defects.json")) return;
  int refused = 0, loaded = 0;
  for (const DefectCase& one : defect_cases({"tk-", "fs-directory-tokenizer", "fs-unreadable-tokenizer"})) {
    const auto load = [](const std::filesystem::path& folder) {
      load_tokenizer(folder).tokenizer.encode("The zebra " + std::string(5000, 'a'));
    };
    ++(check_defect(one, load) ? loaded : refused);
  }
  CHECK(refused >= 20);
  CHECK(loaded >= 4);
}

TEST_CASE("a chat template that is no text is refused with file and key") {
  if (!std::filesystem::exists(defects_dir() / "defects.json")) return;
  for (const DefectCase& one : defect_cases({"ct-not-a-string"})) {
    const DefectFolder folder(one);
    CHECK(
        holds(load_error([&] { load_tokenizer(folder.path()); }), "tokenizer_config.json: chat_template: "));
  }
}

TEST_CASE("a pattern that is too large is named with file and key") {
  const TemporaryFolder folder;
  write(folder.path() / "tokenizer.json",
        with(R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits"}, {"type": "Split",
                "pattern": {"Regex": "(?:a{1000}){1000}"}, "behavior": "Isolated"}]})"));
  const std::string error = load_error([&] { load_tokenizer(folder.path()); });
  CHECK(holds(error, "tokenizer.json: pre_tokenizer.pretokenizers[1].pattern.Regex: "));
  CHECK(holds(error, "too large"));
}

TEST_CASE("special tokens and templates of a folder") {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return folder.path() / name; };
  CHECK(holds(load_error([&] { load_tokenizer(folder.path()); }), "tokenizer.json"));
  write(path("tokenizer.json"), std::string("{") + small_model + "}");
  CHECK_FALSE(load_tokenizer(folder.path()).info.bos.has_value());

  write(path("special_tokens_map.json"), R"({"bos_token": "b", "eos_token": {"content": "ab"}})");
  write(path("tokenizer_config.json"),
        R"({"bos_token": {"content": "a"}, "pad_token": null, "unk_token": "none", "add_bos_token": true,
            "model_max_length": 1000000000000000019884624838656,
            "chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "T"}]})");
  TokenizerInfo info = load_tokenizer(folder.path()).info;
  CHECK(info.bos->content == "a");
  CHECK(info.bos->id == 0);
  CHECK(info.eos->id == 2);
  CHECK(info.unk->content == "none");
  CHECK_FALSE(info.unk->id.has_value());
  CHECK_FALSE(info.pad.has_value());
  CHECK(info.add_bos_token == true);
  CHECK_FALSE(info.model_max_length.has_value());
  CHECK(info.chat_template == "D");
  CHECK(info.tool_chat_template == "T");

  write(path("chat_template.jinja"), "from the file");
  info = load_tokenizer(folder.path()).info;
  CHECK(info.chat_template == "from the file");
  CHECK(holds(info.chat_template_origin, "chat_template.jinja"));
}

}  // namespace kelvin::test
