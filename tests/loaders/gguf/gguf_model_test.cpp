#include "loaders/gguf/gguf_model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "loaders/json/json.h"
#include "loaders/model/model_folder.h"
#include "loaders/tokenizer/tokenizer_folder.h"
#include "tests/loaders/gguf_from_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/model_logits.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::filesystem::path ember() { return source_dir() / "tools" / "ember"; }

GgufBuilder ember_gguf(Dtype dtype) {
  GgufBuilder builder;
  const JsonDocument config = load_json(ember() / "config.json");
  add_llama_settings(builder, config.root());
  add_byte_level_tokenizer(builder, ember() / "tokenizer.json", "llama-bpe");
  builder.u32("tokenizer.ggml.bos_token_id", 2043).u32("tokenizer.ggml.eos_token_id", 2044);
  builder.text("tokenizer.chat_template", "{{ messages[0].content }}");
  builder.text("tokenizer.chat_template.tool_use", "tools");
  add_folder_tensors(builder, ember(), dtype, 8, 4);
  return builder;
}

std::vector<float> logits_of(const std::filesystem::path& path, std::optional<WeightKind> kind = {}) {
  return model_logits(path, std::vector<int>{2043, 411, 17, 96, 1805, 260, 733, 12, 5, 1999, 640}, kind);
}

std::string refusal(const std::filesystem::path& path) {
  return load_error([&] { load_model(path); });
}

}  // namespace

TEST_CASE("the demo model as GGUF gives the folder's logits, bit for bit where numbers are exact") {
  const TemporaryFolder folder;
  const std::vector<float> exact = logits_of(ember());
  for (const Dtype dtype : {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::q8_0}) {
    CAPTURE(dtype_name(dtype));
    const auto path = folder.path() / (std::string(dtype_name(dtype)) + ".gguf");
    write_file(path, ember_gguf(dtype).file());
    const std::vector<float> logits = logits_of(path);
    REQUIRE(logits.size() == exact.size());
    double worst = 0, scale = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      worst = std::max(worst, static_cast<double>(std::abs(logits[i] - exact[i])));
      scale = std::max(scale, static_cast<double>(std::abs(exact[i])));
    }
    // A few weights of the demo model are below what float16 holds exactly.
    if (dtype == Dtype::f32 || dtype == Dtype::bf16)
      CHECK(logits == exact);
    else
      CHECK(worst < (dtype == Dtype::f16 ? 1e-4 : 0.03) * scale);
    if (dtype == Dtype::q8_0) CHECK(worst > 0);
    if (dtype == Dtype::f32) CHECK(logits_of(path, Storage::bf16) == exact);
  }
}

TEST_CASE("settings, tokenizer and template come out of the metadata") {
  const TemporaryFolder folder;
  write_file(folder.path() / "m.gguf", ember_gguf(Dtype::bf16).file());
  // A folder that holds nothing else is as good as the file.
  for (const auto& path : {folder.path() / "m.gguf", folder.path()}) {
    const ModelSettings settings = load_settings(path), expected = load_settings(ember());
    CHECK(settings.config.vocab_size == expected.config.vocab_size);
    CHECK(settings.config.norm_epsilon == expected.config.norm_epsilon);
    CHECK(settings.config.max_position == 1024);
    CHECK(settings.generation.eos == std::vector<int>{2044, 2047});
    CHECK(settings.generation.bos == 2043);
    const LoadedTokenizer own = load_tokenizer(path), hf = load_tokenizer(ember());
    for (const std::string text : {"Once upon a time, there was a fox.", "it's 12345  o'clock\n\n\n!", "",
                                   "<|eot_id|>caf\xC3\xA9 \xE6\xBC\xA2<|begin_of_text|>"}) {
      CHECK(own.tokenizer.encode(text) == hf.tokenizer.encode(text));
      CHECK(own.tokenizer.encode(text, false) == hf.tokenizer.encode(text, false));
      const std::vector<int> ids = hf.tokenizer.encode(text);
      CHECK(own.tokenizer.decode(ids) == hf.tokenizer.decode(ids));
      CHECK(own.tokenizer.decode(ids, true) == hf.tokenizer.decode(ids, true));
    }
    CHECK(own.info.bos->content == "<|begin_of_text|>");
    CHECK(own.info.eos->id == 2044);
    CHECK(own.info.chat_template == "{{ messages[0].content }}");
    CHECK(own.info.tool_chat_template == "tools");
    CHECK(own.info.chat_template_origin.ends_with("m.gguf: tokenizer.chat_template"));
  }
}

TEST_CASE("a file in parts is read whole, from its first part") {
  const TemporaryFolder folder;
  const auto path = [&](const char* name) { return folder.path() / name; };
  GgufBuilder first, second;
  const JsonDocument config = load_json(ember() / "config.json");
  add_llama_settings(first, config.root());
  const auto split = [](GgufBuilder& builder, std::uint32_t number) {
    builder.raw("split.no", GgufType::u16, le(number, 2)).raw("split.count", GgufType::u16, le(2, 2));
    builder.raw("split.tensors.count", GgufType::i32, le(48, 4));
  };
  split(first, 0);
  split(second, 1);
  add_folder_tensors(second, ember(), Dtype::bf16, 8, 4);
  write_file(path("m-00001-of-00002.gguf"), first.file());
  CHECK(holds(refusal(path("m-00001-of-00002.gguf")), "m-00002-of-00002.gguf: "));
  write_file(path("m-00002-of-00002.gguf"), second.file());
  CHECK(holds(refusal(path("m-00002-of-00002.gguf")), "split.count: the first of 2 parts expected"));
  CHECK(logits_of(path("m-00001-of-00002.gguf")) == logits_of(ember()));
  CHECK(logits_of(folder.path()) == logits_of(ember()));
  first.tensor("extra.weight", {4}, 0, f32_bytes({1, 2, 3, 4}));
  write_file(path("m-00001-of-00002.gguf"), first.file());
  CHECK(holds(refusal(path("m-00001-of-00002.gguf")),
              "split.tensors.count: 48 tensors in all parts expected, 49"));
}

TEST_CASE("a scale beside a weight multiplies it, one for all or one for each expert") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.gguf";
  const std::string blocks = "0123456789abcdefghijklmnopqrstuvwxyz";  // one block of NVFP4
  GgufBuilder builder;
  builder.text("general.architecture", "llama").u32("llama.expert_count", 2);
  builder.tensor("blk.0.attn_v.weight", {1, 64}, 40, blocks)
      .tensor("blk.0.attn_v.scale", {1}, 0, f32_bytes({0.3f}));
  builder.tensor("blk.0.attn_v.input_scale", {1}, 0, f32_bytes({7}));
  builder.tensor("blk.0.attn_output.weight", {1, 64}, 40, blocks);
  builder.tensor("blk.1.attn_output.weight", {1, 64}, 40, blocks);
  builder.tensor("blk.1.attn_output.scale", {1}, 0, f32_bytes({1}));
  builder.tensor("blk.0.ffn_up_exps.weight", {2, 1, 64}, 40, blocks + blocks);
  builder.tensor("blk.0.ffn_up_exps.scale", {2}, 0, f32_bytes({3, -0.1f}));
  builder.tensor("lonely.scale", {1}, 0, f32_bytes({1}));
  write_file(path, builder.file());
  const TensorFiles files = GgufModel(path).tensors();
  std::vector<float> plain(64), numbers(64);
  convert(Dtype::nvfp4, reinterpret_cast<const std::byte*>(blocks.data()), 64, Storage::f32, plain.data());
  const auto check = [&](const std::string& name, float scale) {
    CAPTURE(name);
    const TensorFiles::Tensor* const tensor = files.find("model.layers." + name);
    REQUIRE(tensor);
    CHECK(tensor->stored.dtype == (scale == 1 ? Dtype::nvfp4 : Dtype::f32));
    convert(tensor->stored.dtype, tensor->stored.data.data(), 64, Storage::f32, numbers.data());
    for (std::size_t i = 0; i < 64; ++i) CHECK(numbers[i] == plain[i] * scale);
  };
  check("0.self_attn.v_proj.weight", 0.3f);
  check("0.self_attn.o_proj.weight", 1);
  check("1.self_attn.o_proj.weight", 1);
  check("0.block_sparse_moe.experts.0.w3.weight", 3);
  check("0.block_sparse_moe.experts.1.w3.weight", -0.1f);
  CHECK(files.tensors().size() == 6);  // and the scale of nothing, which stays for others to refuse
  CHECK(files.find("lonely.scale"));
  builder.tensor("blk.0.attn_output.scale", {2}, 0, f32_bytes({1, 2}));
  write_file(path, builder.file());
  CHECK(holds(load_error([&] { GgufModel(path).tensors(); }),
              "tensor \"blk.0.attn_output.scale\": 1 x F32 expected, 2 x F32 found"));
}
