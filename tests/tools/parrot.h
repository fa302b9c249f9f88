// A model that gives one answer to everything: each of its tokens has one successor.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "loaders/json/json_writer.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"
#include "tokenizer/unicode/byte_level.h"

namespace kelvin::test {

// Writes its folder. `pieces`: the answer in tokens, all different. The template's prompts must end in a byte or special
// token, and hold no piece behind the last message. Special tokens: <|a|> and, at the end, <|e|>.
inline void write_parrot(const std::filesystem::path& folder, const std::vector<std::string>& pieces,
                         const std::string& chat_template) {
  constexpr std::size_t bytes = 256, end = 257;
  const std::size_t vocabulary = end + 1 + pieces.size(), hidden = (vocabulary + 15) / 16 * 16;
  const auto added = [](JsonWriter& json, std::size_t id, const std::string& content, bool special) {
    json.begin_object().member("id", id).member("content", content).member("single_word", false);
    json.member("lstrip", false)
        .member("rstrip", false)
        .member("normalized", false)
        .member("special", special);
    json.end_object();
  };
  JsonWriter tokenizer;
  tokenizer.begin_object().member("version", "1.0").key("added_tokens").begin_array();
  added(tokenizer, bytes, "<|a|>", true);
  added(tokenizer, end, "<|e|>", true);
  for (std::size_t i = 0; i < pieces.size(); ++i) added(tokenizer, end + 1 + i, pieces[i], false);
  tokenizer.end_array();
  const std::string byte_level =
      R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false})";
  tokenizer.key("normalizer")
      .raw("null")
      .key("pre_tokenizer")
      .raw(byte_level)
      .key("post_processor")
      .raw("null");
  tokenizer.key("decoder")
      .raw(byte_level)
      .key("model")
      .begin_object()
      .member("type", "BPE")
      .key("vocab")
      .begin_object();
  for (std::size_t byte = 0; byte < bytes; ++byte)
    tokenizer.member(unicode::bytes_to_text(std::string(1, static_cast<char>(byte))), byte);
  tokenizer.end_object().key("merges").raw("[]").end_object().end_object();
  std::ofstream(folder / "tokenizer.json") << tokenizer.text();
  std::ofstream(folder / "tokenizer_config.json") << JsonWriter()
                                                         .begin_object()
                                                         .member("eos_token", "<|e|>")
                                                         .member("chat_template", chat_template)
                                                         .end_object()
                                                         .text();
  JsonWriter config;
  config.begin_object().key("architectures").raw(R"(["LlamaForCausalLM"])").member("model_type", "llama");
  config.member("vocab_size", vocabulary).member("hidden_size", hidden).member("intermediate_size", 16);
  config.member("num_hidden_layers", 1).member("num_attention_heads", 1).member("num_key_value_heads", 1);
  config.member("head_dim", 16).member("max_position_embeddings", 4096).member("rms_norm_eps", 1e-6);
  config.member("tie_word_embeddings", false).member("hidden_act", "silu").member("rope_theta", 10000.0);
  std::ofstream(folder / "config.json") << config.member("eos_token_id", end).end_object().text();

  std::vector<TensorToWrite> tensors;
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape, float value) {
    const std::size_t count = shape.size() == 1 ? shape[0] : shape[0] * shape[1];
    tensors.push_back({name, "F32", std::move(shape), f32_bytes(std::vector<float>(count, value))});
  };
  // Row i of the embedding is unit vector i; the head sends it to i's successor.
  std::vector<float> embedding(vocabulary * hidden, 0.0f), head(vocabulary * hidden, 0.0f);
  for (std::size_t id = 0; id < vocabulary; ++id) {
    embedding[id * hidden + id] = 1;
    const std::size_t next = id <= end ? end + 1 : id + 1 < vocabulary ? id + 1 : end;
    head[next * hidden + id] = 2;
  }
  tensors.push_back({"model.embed_tokens.weight", "F32", {vocabulary, hidden}, f32_bytes(embedding)});
  tensors.push_back({"lm_head.weight", "F32", {vocabulary, hidden}, f32_bytes(head)});
  const std::string layer = "model.layers.0.";
  for (const std::string& norm :
       {std::string("model.norm"), layer + "input_layernorm", layer + "post_attention_layernorm"})
    add(norm + ".weight", {hidden}, 1);
  for (const char* in :
       {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj"})
    add(layer + in + ".weight", {16, hidden}, 0);
  for (const char* out : {"self_attn.o_proj", "mlp.down_proj"}) add(layer + out + ".weight", {hidden, 16}, 0);
  write_file(folder / "model.safetensors", safetensors_file(tensors));
}

}  // namespace kelvin::test
