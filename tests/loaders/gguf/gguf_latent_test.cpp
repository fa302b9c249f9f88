// DeepSeek V2 and V3 as GGUF, in both forms that converters write.
#include "loaders/gguf/gguf_latent.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "loaders/gguf/gguf_config.h"
#include "tests/loaders/gguf_from_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/model_logits.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

constexpr std::uint32_t heads = 4, rank = 16, key_width = 12,
                        value_width = 10;  // of both models in tests/data

std::filesystem::path latent_folder(const char* name) { return data_dir() / "goldens" / "models" / name; }

// What of "model.layers.<i>." is called otherwise than by a Llama. Longer names first.
std::string latent_name(const std::string& hf_name) {
  constexpr struct {
    const char *hf, *gguf;
  } names[] = {{"self_attn.kv_a_proj_with_mqa.", "attn_kv_a_mqa."},
               {"self_attn.kv_a_layernorm.", "attn_kv_a_norm."},
               {"self_attn.q_a_proj.", "attn_q_a."},
               {"self_attn.q_a_layernorm.", "attn_q_a_norm."},
               {"self_attn.q_b_proj.", "attn_q_b."},
               {"self_attn.kv_b_proj.", "attn_kv_b."},
               {"mlp.gate.e_score_correction_bias", "exp_probs_b.bias"},
               {"mlp.gate.", "ffn_gate_inp."},
               {"mlp.shared_experts.gate_proj.", "ffn_gate_shexp."},
               {"mlp.shared_experts.up_proj.", "ffn_up_shexp."},
               {"mlp.shared_experts.down_proj.", "ffn_down_shexp."},
               {"mlp.experts.gate_proj.", "ffn_gate_exps."},
               {"mlp.experts.up_proj.", "ffn_up_exps."},
               {"mlp.experts.down_proj.", "ffn_down_exps."}};
  std::string name = hf_name;
  for (const auto& [hf, gguf] : names)
    if (const std::size_t at = name.find(hf); at != name.npos) name.replace(at, std::string(hf).size(), gguf);
  return gguf_name_of(name);
}

struct Numbers {
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
};

// Vectors as F32, matrices as `dtype`.
void put(GgufBuilder& builder, const std::string& name, const Numbers& numbers, Dtype dtype) {
  const bool vector = numbers.shape.size() == 1;
  builder.tensor(name, numbers.shape, vector || dtype == Dtype::f32 ? 0 : 30,
                 bytes_as(numbers.values, vector ? Dtype::f32 : dtype));
}

void put_latent_halves(GgufBuilder& builder, const std::string& layer, const Numbers& both, Dtype dtype) {
  Numbers keys{{heads, rank, key_width}, {}}, values{{heads, value_width, rank}, {}};
  const auto at = [&](std::size_t head, std::size_t row, std::size_t r) {
    return both.values[(head * (key_width + value_width) + row) * rank + r];
  };
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t r = 0; r < rank; ++r)
      for (std::size_t i = 0; i < key_width; ++i) keys.values.push_back(at(head, i, r));
    for (std::size_t i = key_width; i < key_width + value_width; ++i)
      for (std::size_t r = 0; r < rank; ++r) values.values.push_back(at(head, i, r));
  }
  put(builder, layer + "attn_k_b.weight", keys, dtype);
  put(builder, layer + "attn_v_b.weight", values, dtype);
}

void add_latent_tensors(GgufBuilder& builder, const std::filesystem::path& folder, bool split, Dtype dtype) {
  const TensorFiles files(folder);
  std::map<std::string, std::map<int, Numbers>> experts;
  for (const TensorFiles::Tensor& tensor : files.tensors()) {
    const StoredTensor& stored = tensor.stored;
    Numbers numbers{stored.shape, std::vector<float>(stored.elements())};
    convert(stored.dtype, stored.data.data(), numbers.values.size(), Storage::f32, numbers.values.data());
    std::string name = stored.name;
    const std::string list = ".experts.";
    if (const std::size_t begin = name.find(list); begin != name.npos) {
      const std::size_t digits = begin + list.size(), end = name.find('.', digits);
      const int number = std::stoi(name.substr(digits, end - digits));
      experts[name.erase(digits, end + 1 - digits)][number] = numbers;
    } else if (split && name.ends_with("kv_b_proj.weight")) {
      const std::string own = latent_name(name);
      put_latent_halves(builder, own.substr(0, own.find("attn_kv_b")), numbers, dtype);
    } else {
      put(builder, latent_name(name), numbers, dtype);
    }
  }
  for (const auto& [name, parts] : experts) {
    Numbers all{parts.at(0).shape, {}};
    all.shape.insert(all.shape.begin(), parts.size());
    for (const auto& [number, part] : parts)
      all.values.insert(all.values.end(), part.values.begin(), part.values.end());
    put(builder, latent_name(name), all, dtype);
  }
}

GgufBuilder latent_settings(std::uint32_t layers, bool split) {
  GgufBuilder file;
  const auto size = [&](const std::string& key, std::uint32_t value) { file.u32("deepseek2." + key, value); };
  file.text("general.architecture", "deepseek2");
  size("block_count", layers);
  size("context_length", 512);
  size("embedding_length", 48);
  size("feed_forward_length", 56);
  size("attention.head_count", heads);
  size("attention.head_count_kv", split ? 1 : heads);
  size("attention.kv_lora_rank", rank);
  size("attention.key_length", split ? rank + 8 : key_width + 8);
  size("attention.value_length", split ? rank : value_width);
  if (split) size("attention.key_length_mla", key_width + 8);
  if (split) size("attention.value_length_mla", value_width);
  size("rope.dimension_count", 8);
  size("expert_feed_forward_length", 12);
  file.f32("deepseek2.attention.layer_norm_rms_epsilon", 1e-6f);
  return file;
}

GgufBuilder v3_settings(bool split) {
  GgufBuilder file = latent_settings(4, split);
  file.u32("deepseek2.expert_count", 16).u32("deepseek2.expert_used_count", 3);
  file.u32("deepseek2.expert_shared_count", 1).u32("deepseek2.leading_dense_block_count", 3);
  file.f32("deepseek2.expert_weights_scale", 2.5f).boolean("deepseek2.expert_weights_norm", true);
  file.u32("deepseek2.expert_gating_func", 2);
  file.u32("deepseek2.expert_group_count", 8).u32("deepseek2.expert_group_used_count", 4);
  return file;
}

GgufBuilder v2_settings(bool split) {
  GgufBuilder file = latent_settings(3, split);
  file.u32("deepseek2.attention.q_lora_rank", 20).u32("deepseek2.expert_count", 6);
  file.u32("deepseek2.expert_used_count", 2).u32("deepseek2.expert_shared_count", 2);
  file.u32("deepseek2.leading_dense_block_count", 1);
  file.text("deepseek2.rope.scaling.type", "yarn").f32("deepseek2.rope.scaling.factor", 8);
  file.u32("deepseek2.rope.scaling.original_context_length", 64);
  file.f32("deepseek2.rope.scaling.yarn_log_multiplier", 0.1f * 0.5f);
  return file;
}

std::vector<float> latent_logits(const std::filesystem::path& path) {
  std::vector<int> ids;
  for (int i = 0; i < 25; ++i) ids.push_back((i * 37 + 11) % 96);
  return model_logits(path, ids);
}

}  // namespace

TEST_CASE("DeepSeek V3 as GGUF gives the folder's logits, its key and value matrix whole or in two") {
  const TemporaryFolder folder;
  const auto hf = latent_folder("deepseek3-defaults-bf16");
  const std::vector<float> exact = latent_logits(hf);
  for (const bool split : {false, true})
    for (const Dtype dtype : {Dtype::bf16, Dtype::f32}) {
      CAPTURE(split);
      GgufBuilder file = v3_settings(split);
      add_latent_tensors(file, hf, split, dtype);
      write_file(folder.path() / "m.gguf", file.file());
      CHECK(latent_logits(folder.path() / "m.gguf") == exact);
    }
  // Where a group is said to be kept that was not, other experts are chosen.
  GgufBuilder other = v3_settings(true);
  other.text("deepseek2.rope.scaling.type", "none");
  add_latent_tensors(other, hf, true, Dtype::bf16);
  std::string bytes = other.file();
  const std::string key = gguf_string("deepseek2.expert_group_used_count") + le(4, 4);
  bytes.replace(bytes.find(key) + key.size(), 4, le(2, 4));
  write_file(folder.path() / "m.gguf", bytes);
  CHECK(latent_logits(folder.path() / "m.gguf") != exact);
}

TEST_CASE("DeepSeek V2 as GGUF: biases, short queries, and yarn's multiplier") {
  const TemporaryFolder folder;
  // GGUF holds one of the two multipliers of yarn: in published models they are the same.
  const auto golden = latent_folder("deepseek2-bias-bf16"), hf = folder.path() / "hf";
  std::filesystem::create_directory(hf);
  std::string config = read_text(golden / "config.json");
  const std::string mscale = "\"mscale\": 0.7";
  config.replace(config.find(mscale), mscale.size(), "\"mscale\": 0.5");
  write_file(hf / "config.json", config);
  std::filesystem::create_symlink(golden / "model.safetensors", hf / "model.safetensors");
  const std::vector<float> exact = latent_logits(hf);
  for (const bool split : {false, true}) {
    CAPTURE(split);
    GgufBuilder file = v2_settings(split);
    add_latent_tensors(file, hf, split, Dtype::bf16);
    write_file(folder.path() / "m.gguf", file.file());
    CHECK(latent_logits(folder.path() / "m.gguf") == exact);
  }
}

TEST_CASE("DeepSeek's settings that no such model has are refused by name") {
  const auto refusal = [](GgufBuilder file) {
    file.tensor("token_embd.weight", {96, 48}, 1, std::string(96 * 48 * 2, 'x'));
    const std::string bytes = file.file();
    const GgufFile header(std::as_bytes(std::span(bytes)), "m.gguf");
    const GgufKeys keys({&header});
    return load_error([&] { gguf_config(keys, gguf_family(keys)); });
  };
  CHECK(refusal(v3_settings(true)).empty());
  GgufBuilder indexer = v3_settings(true);
  CHECK(holds(refusal(indexer.u32("deepseek2.attention.indexer.top_k", 64)),
              "m.gguf: deepseek2.attention.indexer.top_k: no such key expected"));
  GgufBuilder scaled = v2_settings(false);
  CHECK(holds(refusal(scaled.f32("deepseek2.attention.scale", 0.5f)),
              "deepseek2.attention.scale: 1 / sqrt(20) expected"));
  GgufBuilder gating = v2_settings(false);
  CHECK(holds(refusal(gating.u32("deepseek2.expert_gating_func", 3)),
              "deepseek2.expert_gating_func: 0, 1 (softmax) or 2 (sigmoid) expected, 3 found"));
  GgufBuilder tuned = v2_settings(false);
  CHECK(holds(refusal(tuned.f32("deepseek2.attention.temperature_scale", 0.1f)),
              "deepseek2.attention.temperature_scale: 0 expected"));
}

TEST_CASE("halves of a latent matrix that do not fit are refused by the tensor's name") {
  const auto half = [](const char* name, std::vector<std::uint64_t> shape) {
    static const std::vector<float> numbers(2 * 3 * 5, 1.0f);
    TensorFiles::Tensor tensor;
    tensor.stored.name = name;
    tensor.stored.dtype = Dtype::f32;
    tensor.stored.shape = std::move(shape);
    tensor.stored.data = std::as_bytes(std::span(numbers));
    return tensor;
  };
  std::vector<TensorFiles::Tensor> tensors{half("blk.0.attn_k_b.weight", {2, 3, 5}),
                                           half("blk.0.attn_v_b.weight", {2, 3, 5})};
  CHECK(holds(load_error([&] { join_latent_tensors(tensors, "m.gguf"); }),
              "m.gguf: tensor \"blk.0.attn_v_b.weight\": 2 x 3 x 3 expected from \"blk.0.attn_k_b.weight\""));
  tensors[0] = half("blk.0.attn_k_b.weight", {6, 5});
  CHECK(holds(load_error([&] { join_latent_tensors(tensors, "m.gguf"); }),
              "tensor \"blk.0.attn_k_b.weight\": a matrix for each head expected"));
  // One alone is nobody's: the loader names it.
  tensors.resize(1);
  join_latent_tensors(tensors, "m.gguf");
  CHECK(tensors[0].stored.name == "blk.0.attn_k_b.weight");
}
