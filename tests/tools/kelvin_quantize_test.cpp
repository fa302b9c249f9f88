// kelvin-quantize on the demo model: packed folders give the bits of quantising while loading, and what is
// wrong with one is said by name.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "loaders/model/model_folder.h"
#include "loaders/tokenizer/tokenizer_folder.h"
#include "tests/loaders/awq_from_folder.h"
#include "tests/loaders/gguf_from_folder.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"
#include "tests/tools/json_lines.h"

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

// Log-probabilities after each of the demo model's 300 tokens, one row after the other.
std::vector<double> log_probabilities(const std::string& model, const fs::path& raw,
                                      const std::vector<std::string>& flags = {}) {
  std::string ids = test::read_text(fs::path(ember) / "ids300.json");
  std::erase_if(ids, [](char c) { return c != ',' && (c < '0' || c > '9'); });
  std::vector<std::string> argv = {"kelvin-logits", "--model", model, "--ids", ids, "--raw", raw.string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const test::Finished finished = test::run(argv);
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  const std::vector<float> logits = test::read_array<float>(raw);
  std::vector<double> found(logits.begin(), logits.end());
  constexpr std::size_t vocabulary = 2048;
  for (std::size_t row = 0; row < found.size(); row += vocabulary) {
    double sum = 0.0;
    for (std::size_t i = row; i < row + vocabulary; ++i) sum += std::exp(found[i]);
    for (std::size_t i = row; i < row + vocabulary; ++i) found[i] -= std::log(sum);
  }
  return found;
}

// Mean over the positions, nats.
double divergence(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  return sum / 300.0;
}

test::Finished calibrate(const std::string& to, const std::vector<std::string>& flags,
                         const std::vector<std::string>& environment = {}) {
  std::vector<std::string> argv = {"kelvin-quantize", ember, "--weights", "q4", "--out", to};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return test::run(argv, "", environment);
}

}  // namespace

TEST_CASE("a packed folder gives the bits of quantising while loading") {
  const test::TemporaryFolder folder;
  std::size_t place = 0;
  for (const std::string kind : {"q8", "q4h", "q4"}) {
    if (test::left_out_today(place++, 3)) continue;
    CAPTURE(kind);
    const std::string packed = (folder.path() / kind).string();
    const test::Finished finished = quantize(ember, kind, packed);
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    const test::Finished found = logits(packed), expected = logits(ember, {"--weights", kind});
    REQUIRE_MESSAGE(found.status == 0, found.err);
    CHECK(last_line(test::results(found)) == last_line(test::results(expected)));
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
  CHECK(test::results(found) == test::results(expected));
  const std::string as_is = (folder.path() / "as-is").string();
  CHECK(test::run({"kelvin-quantize", gguf, "--as-is", "--out", as_is}).status == 0);
  CHECK(test::results(logits(as_is)) == test::results(logits(gguf)));  // its own numbers
  CHECK(fs::file_size(fs::path(as_is) / "model.safetensors") < fs::file_size(gguf));
  CHECK(test::run({"kelvin-quantize", ember, "--as-is", "--out", as_is + "2"}).status == 2);
  const LoadedTokenizer from_gguf = load_tokenizer(gguf), from_folder = load_tokenizer(packed);
  CHECK(from_folder.info.chat_template == from_gguf.info.chat_template);
  CHECK(from_folder.info.eos->id == 2044);
  CHECK(load_settings(packed).generation.eos == load_settings(gguf).generation.eos);
  CHECK(test::read_text(packed + "/generation_config.json") == "{\"temperature\":0.625}\n");
}

TEST_CASE("a quantised folder runs as it is, and is packed as it is") {
  const test::TemporaryFolder folder;
  const fs::path awq = folder.path() / "awq", packed = folder.path() / "packed";
  fs::create_directory(awq);
  test::write_awq_folder(ember, awq);
  const LoadedModel loaded = load_model(awq);
  CHECK(loaded.stored == "AWQ, 4 bits, groups of 128");
  for (const LayerWeights& layer : loaded.weights.layers)
    for (const Linear* linear : linears_of(layer)) CHECK(linear->weight.storage == Storage::int4_zero);
  CHECK(loaded.weights.lm_head.storage == Storage::bf16);  // as the makers left it, mapped
  // Only activations are rounded, to 8 bits; q4 in place of the weights' own numbers costs fifty times that.
  const auto exact = log_probabilities(awq.string(), folder.path() / "exact", {"--weights", "f32"});
  const double kept = divergence(exact, log_probabilities(awq.string(), folder.path() / "kept"));
  const double rounded =
      divergence(exact, log_probabilities(awq.string(), folder.path() / "q4", {"--weights", "q4"}));
  CHECK(kept > 0);
  CHECK(kept < 0.05 * rounded);
  REQUIRE(test::run({"kelvin-quantize", awq.string(), "--as-is", "--out", packed.string()}).status == 0);
  CHECK(test::results(logits(packed.string())) == test::results(logits(awq.string())));
  CHECK(load_model(packed).stored == "AWQ, 4 bits, groups of 128");
  CHECK(fs::file_size(packed / "model.safetensors") < fs::file_size(awq / "model.safetensors") * 11 / 10);
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

TEST_CASE("with error feedback a packed folder is closer to the model") {
  if (test::left_out_today(0, 3)) return;
  const test::TemporaryFolder folder;
  const fs::path raw = folder.path() / "raw";
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const std::string text = at("text");
  std::string written = "Once upon a time there was a little dog.\n=====\n";
  for (int i = 0; i < 60; ++i)
    written += "What is " + std::to_string(i) + " plus 2? It is " + std::to_string(i + 2) + ".\n";
  test::write_file(text, written);
  REQUIRE(quantize(ember, "q4", at("plain")).status == 0);
  for (const auto& flags : {std::vector<std::string>{"--calibrate", "own", "--calibrate-tokens", "4096"},
                            {"--calibrate", text, "--split", "====="}}) {
    const std::string to = at(flags[1] == "own" ? "own" : "file");
    const test::Finished finished = calibrate(to, flags);
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    CHECK(fs::file_size(fs::path(to) / "model.safetensors") ==
          fs::file_size(fs::path(at("plain")) / "model.safetensors"));
  }
  const std::vector<double> exact = log_probabilities(ember, raw);
  const double plain = divergence(exact, log_probabilities(at("plain"), raw));
  CHECK(plain > 0.002);
  CHECK(divergence(exact, log_probabilities(at("own"), raw)) < 0.8 * plain);
  CHECK(test::read_text(at("file") + "/model.safetensors") !=
        test::read_text(at("plain") + "/model.safetensors"));
  CHECK(test::read_text(at("file") + "/model.safetensors") !=
        test::read_text(at("own") + "/model.safetensors"));
}

TEST_CASE("calibrating gives the same bytes in every table and with any number of threads") {
  if (test::left_out_today(1, 3)) return;
  const test::TemporaryFolder folder;
  int made = 0;
  const auto bytes = [&](std::vector<std::string> flags, const std::vector<std::string>& environment = {}) {
    const std::string to = (folder.path() / std::to_string(made++)).string();
    flags.insert(flags.end(),
                 {"--calibrate", "own", "--calibrate-tokens", test::slow_build() ? "70" : "300"});
    const test::Finished finished = calibrate(to, flags, environment);
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    return test::read_text(to + "/model.safetensors");
  };
  const std::string expected = bytes({"--threads", "1"});
  CHECK(bytes({"--threads", "3"}) == expected);
  CHECK(bytes({}, {"KELVIN_ISA=scalar"}) == expected);
  CHECK(bytes({"--seed", "1"}) != expected);
#if defined(__x86_64__)
  CHECK(bytes({}, {"KELVIN_ISA=avx2"}) == expected);
#endif
}

TEST_CASE("calibrating says what is missing and leaves nothing behind") {
  const test::TemporaryFolder folder;
  const std::string out = (folder.path() / "out").string();
  const auto refused = [&](const std::vector<std::string>& flags, const std::string& words) {
    const test::Finished finished = calibrate(out, flags);
    CHECK(finished.status == 2);
    CHECK_MESSAGE(finished.err.find(words) != std::string::npos, finished.err);
    CHECK(fs::is_empty(folder.path()));
  };
  refused({"--calibrate", "/no/such/file"}, "/no/such/file");
  refused({"--calibrate-tokens", "100"}, "--calibrate expected");
  refused({"--seed", "1"}, "--calibrate own expected");
  refused({"--calibrate", "own", "--split", "="}, "--calibrate FILE expected");
  refused({"--calibrate", "own", "--calibrate-tokens", "0"}, "--calibrate-tokens");
  const std::string packed = (folder.path() / "packed").string();
  REQUIRE(quantize(ember, "q4", packed).status == 0);
  const test::Finished twice =
      test::run({"kelvin-quantize", packed, "--weights", "q4", "--out", out, "--calibrate", "own"});
  CHECK(twice.status == 2);
  CHECK_MESSAGE(twice.err.find("not packed yet") != std::string::npos, twice.err);
}
