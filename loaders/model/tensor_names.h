// How a family of models calls and keeps its tensors in Hugging Face checkpoints.
#pragma once

#include <string_view>

namespace kelvin {

// Below "model.layers.<i>.", without ".weight" and ".bias". Which of them a model has follows from its
// ModelConfig. `#` stands for a number: of the expert, or of the head.
struct TensorNames {
  std::string_view attention_norm = "input_layernorm";
  std::string_view attention_post_norm = {};
  std::string_view mlp_norm = "post_attention_layernorm";
  std::string_view mlp_post_norm = "post_feedforward_layernorm";
  bool norms_less_one = false;  // a norm multiplies by 1 + what is stored

  std::string_view q = "self_attn.q_proj", k = "self_attn.k_proj", v = "self_attn.v_proj";
  std::string_view qkv = {};  // where they are rows of one matrix: queries, keys, values
  std::string_view o = "self_attn.o_proj";
  std::string_view q_norm = "self_attn.q_norm", k_norm = "self_attn.k_norm";

  std::string_view gate = "mlp.gate_proj", up = "mlp.up_proj";
  std::string_view gate_up = {};  // where they are rows of one matrix: gate, up
  std::string_view down = "mlp.down_proj";

  std::string_view router = "mlp.gate";
  std::string_view expert_gate = "mlp.experts.#.gate_proj", expert_up = "mlp.experts.#.up_proj";
  std::string_view expert_down = "mlp.experts.#.down_proj";
  std::string_view shared = "mlp.shared_experts";  // before ".gate_proj", ".up_proj", ".down_proj"
};

}  // namespace kelvin
