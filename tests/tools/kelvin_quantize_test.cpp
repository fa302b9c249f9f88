// kelvin-quantize on the demo model: packed folders give the bits of quantising while loading, and what is
// wrong with one is said by name.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "loaders/hf_tokenizer.h"
#include "loaders/model_folder.h"
#include "tests/loaders/gguf_from_folder.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
namespace fs = std::filesystem;

namespace {

const std::string ember = (test::source_dir() / "tools" / "ember").string();

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  return text.substr(text.rfind('\n', end) + 1);
}

test::Finished logits(const std::string& folder, const std::vector<std::string>& flags = {}) {
  std::vector<std::string> argv = {"kelvin-logits", "--model",          folder,
                                   "--prompt",      "Once upon a time", "--json"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return test::run(argv);
}

test::Finished quantize(const std::string& from, const std::string& kind, const std::string& to) {
  return test::run({"kelvin-quantize", from, "--weights", kind, "--out", to});
}

// Replaces text of the same length in a file.
void edit(const fs::path& file, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  std::string bytes = test::read_text(file);
  const std::size_t at = bytes.find(from);
  REQUIRE(at != std::string::npos);
  bytes.replace(at, from.size(), to);
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a packed folder gives the bits of quantising while loading") {
  const test::TemporaryFolder folder;
  for (const std::string kind : {"q8", "q4h", "q4"}) {
    CAPTURE(kind);
    const std::string packed = (folder.path() / kind).string();
    const test::Finished finished = quantize(ember, kind, packed);
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    const test::Finished found = logits(packed), expected = logits(ember, {"--weights", kind});
    REQUIRE_MESSAGE(found.status == 0, found.err);
    CHECK(last_line(found.out) == last_line(expected.out));
    CHECK(logits(packed, {"--weights", kind}).status == 0);
    CHECK(fs::exists(fs::path(packed) / "tokenizer.json"));
    CHECK(test::read_text(fs::path(packed) / "config.json") ==
          test::read_text(fs::path(ember) / "config.json"));
    // Of 16 bits a weight; q8 keeps the embedding, an eighth of them, as it is.
    CHECK(fs::file_size(fs::path(packed) / "model.safetensors") <
          fs::file_size(fs::path(ember) / "model.safetensors") * (kind == "q8" ? 10 : 6) / 16);
  }
}

TEST_CASE("a GGUF file becomes a folder with its settings, tokenizer and template") {
  const test::TemporaryFolder folder;
  test::GgufBuilder builder;
  test::add_llama_settings(builder, load_json(ember + "/config.json").root());
  test::add_byte_level_tokenizer(builder, ember + "/tokenizer.json", "llama-bpe");
  builder.u32("tokenizer.ggml.bos_token_id", 2043).u32("tokenizer.ggml.eos_token_id", 2044);
  builder.text("tokenizer.chat_template", "<{{ messages[0].content }}>");
  builder.f32("general.sampling.temp", 0.625f);
  test::add_folder_tensors(builder, ember, Dtype::q8_0, 8, 4);
  const std::string gguf = (folder.path() / "ember.gguf").string(),
                    packed = (folder.path() / "packed").string();
  test::write_file(gguf, builder.file());
  const test::Finished finished = quantize(gguf, "q4h", packed);
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  const test::Finished found = logits(packed), expected = logits(gguf, {"--weights", "q4h"});
  REQUIRE_MESSAGE(found.status == 0, found.err);
  CHECK(found.out == expected.out);
  const LoadedTokenizer from_gguf = load_tokenizer(gguf), from_folder = load_tokenizer(packed);
  CHECK(from_folder.info.chat_template == from_gguf.info.chat_template);
  CHECK(from_folder.info.eos->id == 2044);
  CHECK(load_settings(packed).generation.eos == load_settings(gguf).generation.eos);
  CHECK(test::read_text(packed + "/generation_config.json") == "{\"temperature\":0.625}\n");
}

TEST_CASE("a packed folder that is not what this version writes is refused by name") {
  const test::TemporaryFolder folder;
  const std::string packed = (folder.path() / "packed").string();
  REQUIRE(quantize(ember, "q4", packed).status == 0);
  const fs::path file = fs::path(packed) / "model.safetensors";
  const auto refused = [&](const std::vector<std::string>& flags, const std::string& words) {
    const test::Finished finished = logits(packed, flags);
    CHECK(finished.status == 2);
    CHECK_MESSAGE(finished.err.find(words) != std::string::npos, finished.err);
    CHECK_MESSAGE(finished.err.find("model.safetensors") != std::string::npos, finished.err);
  };
  SUBCASE("another version") {
    edit(file, R"("kelvin.packed":"1")", R"("kelvin.packed":"2")");
    refused({}, "kelvin.packed 1 expected");
  }
  SUBCASE("other groups") {
    edit(file, R"("kelvin.group_width":"256")", R"("kelvin.group_width":"128")");
    refused({}, "kelvin.group_width 256 expected");
  }
  SUBCASE("a wrong size") {
    edit(file, "q4 512 x 256", "q4 256 x 256");
    refused({}, "bytes expected for q4 256 x 256");
  }
  SUBCASE("another format in the description") {
    edit(file, "q4 512 x 256", "q8 512 x 256");
    refused({}, "bytes expected for q8 512 x 256");
  }
  SUBCASE("no description") {
    edit(file, "q4 512 x 256", "q9 512 x 256");
    refused({}, "\"q9 512 x 256\"");
  }
  SUBCASE("truncated") {
    fs::resize_file(file, fs::file_size(file) - 100);
    refused({}, "expected");
  }
  SUBCASE("another kind asked for") {
    refused({"--weights", "q8"}, "asked for as q8, packed as q4 found");
    refused({"--weights", "q4h"}, "\"lm_head.weight\": weights asked for as q4h, packed as q4 found");
    refused({"--weights", "bf16"}, "asked for as bf16, packed as q4 found");
  }
  SUBCASE("packing twice") {
    const test::Finished finished = quantize(packed, "q8", (folder.path() / "again").string());
    CHECK(finished.status == 2);
    CHECK_MESSAGE(finished.err.find("not packed yet") != std::string::npos, finished.err);
    CHECK_FALSE(fs::exists(folder.path() / "again"));
  }
}

TEST_CASE("nothing half-written is left, nothing is overwritten") {
  const test::TemporaryFolder folder;
  const std::string out = (folder.path() / "out").string();
  // A limit on the size of files stands for a full disk.
  const test::Finished full =
      test::run({"/bin/sh", "-c", "ulimit -f 100; trap '' XFSZ; exec \"$0\" \"$@\"",
                 (test::bin_dir() / "kelvin-quantize").string(), ember, "--weights", "q4", "--out", out});
  CHECK(full.status == 1);
  CHECK_MESSAGE(full.err.find("cannot write") != std::string::npos, full.err);
  CHECK(fs::is_empty(folder.path()));

  CHECK(quantize(ember, "f32", out).status == 2);
  CHECK(quantize(ember, "q4", ember).status == 2);
  CHECK(fs::is_empty(folder.path()));
  CHECK(test::run({"kelvin-quantize", ember, "--out", out}).status == 2);
  CHECK(test::run({"kelvin-quantize", ember, "--weights", "q4"}).status == 2);
}
