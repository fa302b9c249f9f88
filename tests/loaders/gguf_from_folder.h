// A Llama-style Hugging Face folder as a GGUF file, as converters write it: other names, the rows of q and k
// in the order of the pairs that RoPE turns.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/weights/half.h"
#include "loaders/json/json_file.h"
#include "loaders/tensors/convert.h"
#include "loaders/tensors/tensor_files.h"
#include "tests/loaders/gguf_builder.h"

namespace kelvin::test {

inline std::string gguf_name_of(const std::string& hf_name) {
  constexpr struct {
    const char *hf, *gguf;
  } names[] = {{"model.embed_tokens.", "token_embd."},
               {"model.norm.", "output_norm."},
               {"lm_head.", "output."},
               {"model.layers.", "blk."},
               {"input_layernorm.", "attn_norm."},
               {"self_attn.q_proj.", "attn_q."},
               {"self_attn.k_proj.", "attn_k."},
               {"self_attn.v_proj.", "attn_v."},
               {"self_attn.o_proj.", "attn_output."},
               {"post_attention_layernorm.", "ffn_norm."},
               {"mlp.gate_proj.", "ffn_gate."},
               {"mlp.up_proj.", "ffn_up."},
               {"mlp.down_proj.", "ffn_down."}};
  std::string name = hf_name;
  for (const auto& [hf, gguf] : names)
    if (const std::size_t at = name.find(hf); at != name.npos) name.replace(at, std::string(hf).size(), gguf);
  return name;
}

// Row r of the result is row source[r] of the folder's: halves of each head, alternately.
inline std::vector<std::size_t> paired_rows(std::size_t rows, std::size_t heads) {
  std::vector<std::size_t> source(rows);
  const std::size_t head_dim = rows / heads;
  for (std::size_t r = 0; r < rows; ++r)
    source[r] = r / head_dim * head_dim + r % 2 * (head_dim / 2) + r % head_dim / 2;
  return source;
}

inline std::string bytes_as(const std::vector<float>& numbers, Dtype dtype) {
  std::string bytes;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (dtype == Dtype::f32) {
      bytes += le(std::bit_cast<std::uint32_t>(numbers[i]), 4);
    } else if (dtype == Dtype::f16 || dtype == Dtype::bf16) {
      bytes += le(dtype == Dtype::f16 ? engine::f32_to_f16(numbers[i]) : engine::f32_to_bf16(numbers[i]), 2);
    } else if (i % 32 == 0) {  // Q8_0
      float largest = 0;
      for (std::size_t k = i; k < i + 32; ++k) largest = std::max(largest, std::abs(numbers[k]));
      const float scale = engine::f16_to_f32(engine::f32_to_f16(largest / 127));
      bytes += le(engine::f32_to_f16(scale), 2);
      for (std::size_t k = i; k < i + 32; ++k)
        bytes +=
            static_cast<char>(scale > 0 ? std::lround(std::clamp(numbers[k] / scale, -127.0f, 127.0f)) : 0);
    }
  }
  return bytes;
}

// Matrices as `dtype` (F32, F16, BF16 or Q8_0), vectors as F32.
inline void add_folder_tensors(GgufBuilder& builder, const std::filesystem::path& folder, Dtype dtype,
                               std::size_t heads, std::size_t kv_heads) {
  const std::uint32_t type = dtype == Dtype::f32    ? 0
                             : dtype == Dtype::f16  ? 1
                             : dtype == Dtype::bf16 ? 30
                                                    : 8;
  const TensorFiles files(folder);
  for (const TensorFiles::Tensor& tensor : files.tensors()) {
    const StoredTensor& stored = tensor.stored;
    std::vector<float> numbers(stored.elements());
    convert(stored.dtype, stored.data.data(), numbers.size(), Storage::f32, numbers.data());
    const bool query = stored.name.find("q_proj") != std::string::npos;
    if (query || stored.name.find("k_proj") != std::string::npos) {
      const std::size_t rows = stored.shape[0], cols = numbers.size() / rows;
      const auto source = paired_rows(rows, query ? heads : kv_heads);
      std::vector<float> moved(numbers.size());
      for (std::size_t r = 0; r < rows; ++r)
        std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(source[r] * cols), cols,
                    moved.begin() + static_cast<std::ptrdiff_t>(r * cols));
      numbers = moved;
    }
    const bool vector = stored.shape.size() == 1;
    builder.tensor(gguf_name_of(stored.name), stored.shape, vector ? 0 : type,
                   bytes_as(numbers, vector ? Dtype::f32 : dtype));
  }
}

inline void add_llama_settings(GgufBuilder& builder, JsonValue config) {
  const auto size = [&](const char* key) { return static_cast<std::uint32_t>(config.at(key).as_int()); };
  builder.text("general.architecture", "llama");
  builder.u32("llama.block_count", size("num_hidden_layers"));
  builder.u32("llama.context_length", size("max_position_embeddings"));
  builder.u32("llama.embedding_length", size("hidden_size"));
  builder.u32("llama.feed_forward_length", size("intermediate_size"));
  builder.u32("llama.attention.head_count", size("num_attention_heads"));
  builder.u32("llama.attention.head_count_kv", size("num_key_value_heads"));
  builder.u32("llama.attention.key_length", size("head_dim"));
  builder.u32("llama.attention.value_length", size("head_dim"));
  builder.u32("llama.rope.dimension_count", size("head_dim"));
  builder.f32("llama.rope.freq_base", static_cast<float>(config.at("rope_theta").as_double()));
  builder.f32("llama.attention.layer_norm_rms_epsilon",
              static_cast<float>(config.at("rms_norm_eps").as_double()));
}

// The byte-level vocabulary of a tokenizer.json; `pre` names how it cuts text.
inline void add_byte_level_tokenizer(GgufBuilder& builder, const std::filesystem::path& tokenizer_json,
                                     const std::string& pre) {
  const JsonDocument document = load_json(tokenizer_json);
  const JsonValue model = document.root().at("model");
  std::vector<std::string> tokens, merges;
  std::vector<std::int32_t> types;
  const auto put = [&](std::int64_t id, std::string_view token, std::int32_t type) {
    const auto at = static_cast<std::size_t>(id);
    while (tokens.size() <= at) {
      tokens.push_back("[PAD" + std::to_string(tokens.size()) + "]");
      types.push_back(5);
    }
    tokens[at] = token;
    types[at] = type;
  };
  for (const auto& [token, id] : model.at("vocab").members()) put(id.as_int(), token, 1);
  for (const JsonValue added : document.root().at("added_tokens").items())
    put(added.at("id").as_int(), added.at("content").as_string(), added.at("special").as_bool() ? 3 : 4);
  for (const JsonValue merge : model.at("merges").items())
    merges.push_back(
        merge.is_string()
            ? std::string(merge.as_string())
            : std::string(merge.at(std::size_t{0}).as_string()).append(" ").append(merge.at(1).as_string()));
  builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", pre);
  builder.texts("tokenizer.ggml.tokens", tokens).ints("tokenizer.ggml.token_type", types);
  builder.texts("tokenizer.ggml.merges", merges);
}

}  // namespace kelvin::test
