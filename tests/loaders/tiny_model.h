// A model folder small enough to write by hand: one or more layers of hidden size 4, numbers counted up
// from 1.
#pragma once

#include <stdexcept>

#include "engine/weights/config.h"
#include "engine/weights/half.h"
#include "tests/loaders/safetensors_builder.h"

namespace kelvin::test {

inline ModelConfig tiny_config(int n_layers = 1) {
  ModelConfig config;
  config.architecture = "LlamaForCausalLM";
  config.vocab_size = 5;
  config.hidden_size = 4;
  config.n_layers = n_layers;
  config.n_heads = 2;
  config.n_kv_heads = 1;
  config.head_dim = config.value_dim = 6;
  config.layers.resize(static_cast<std::size_t>(n_layers));
  config.intermediate_size = 3;
  return config;
}

// Its tensors as HF names them, with biases and a head of their own where the config says so. They hold
// numbers from 1 to 2 in steps of 1/64: exact in every float format, and different at neighbouring places of
// different tensors.
inline std::vector<TensorToWrite> tiny_tensors(const ModelConfig& config, const std::string& dtype = "F32") {
  std::vector<TensorToWrite> tensors;
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
    std::size_t count = 1;
    for (const std::uint64_t size : shape) count *= size;
    std::vector<float> values(count);
    std::vector<std::uint16_t> halves(count);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = 1.0f + static_cast<float>((tensors.size() * 5 + i) % 64) / 64.0f;
      halves[i] = dtype == "BF16" ? engine::f32_to_bf16(values[i]) : engine::f32_to_f16(values[i]);
    }
    tensors.push_back(
        {name, dtype, std::move(shape), dtype == "F32" ? f32_bytes(values) : u16_bytes(halves)});
  };
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size),
             inner = static_cast<std::uint64_t>(config.intermediate_size);
  const auto vocabulary = static_cast<std::uint64_t>(config.vocab_size);
  const auto queries = static_cast<std::uint64_t>(config.n_heads * config.head_dim),
             keys = static_cast<std::uint64_t>(config.n_kv_heads * config.head_dim);
  add("model.embed_tokens.weight", {vocabulary, hidden});
  for (int i = 0; i < config.n_layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i) + ".";
    const auto linear = [&](const std::string& module, std::uint64_t rows, std::uint64_t cols, bool bias) {
      add(layer + module + ".weight", {rows, cols});
      if (bias) add(layer + module + ".bias", {rows});
    };
    add(layer + "input_layernorm.weight", {hidden});
    add(layer + "post_attention_layernorm.weight", {hidden});
    linear("self_attn.q_proj", queries, hidden, config.qkv_bias);
    linear("self_attn.k_proj", keys, hidden, config.qkv_bias);
    linear("self_attn.v_proj", keys, hidden, config.qkv_bias);
    linear("self_attn.o_proj", hidden, queries, config.o_bias);
    linear("mlp.gate_proj", inner, hidden, config.mlp_bias);
    linear("mlp.up_proj", inner, hidden, config.mlp_bias);
    linear("mlp.down_proj", hidden, inner, config.mlp_bias);
  }
  add("model.norm.weight", {hidden});
  if (!config.tied_embeddings) add("lm_head.weight", {vocabulary, hidden});
  return tensors;
}

inline TensorToWrite& tensor_named(std::vector<TensorToWrite>& tensors, const std::string& name) {
  for (TensorToWrite& tensor : tensors)
    if (tensor.name == name) return tensor;
  throw std::runtime_error("no tensor " + name);
}

}  // namespace kelvin::test
