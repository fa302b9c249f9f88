#include "loaders/weight_plan.h"

#include <algorithm>
#include <set>
#include <string>

#include "loaders/convert.h"
#include "loaders/load_error.h"

namespace kelvin {
namespace {

// A size as the config gives it, with the words an error uses for it.
struct Dimension {
  std::string_view words;
  std::int64_t (*of)(const ModelConfig&);
};

constexpr Dimension vocabulary{"vocab_size",
                               [](const ModelConfig& c) -> std::int64_t { return c.vocab_size; }};
constexpr Dimension hidden{"hidden_size", [](const ModelConfig& c) -> std::int64_t { return c.hidden_size; }};
constexpr Dimension intermediate{"intermediate_size",
                                 [](const ModelConfig& c) -> std::int64_t { return c.intermediate_size; }};
constexpr Dimension queries{"num_attention_heads * head_dim",
                            [](const ModelConfig& c) { return std::int64_t{c.n_heads} * c.head_dim; }};
constexpr Dimension keys{"num_key_value_heads * head_dim",
                         [](const ModelConfig& c) { return std::int64_t{c.n_kv_heads} * c.head_dim; }};

struct LinearRow {
  std::string_view module;  // below "model.layers.<i>."
  Linear LayerWeights::*to;
  Dimension rows, cols;
  bool ModelConfig::*bias;
};

struct NormRow {
  std::string_view module;
  std::span<const float> LayerWeights::*to;
};

constexpr LinearRow llama_linears[] = {
    {"self_attn.q_proj", &LayerWeights::q, queries, hidden, &ModelConfig::attention_bias},
    {"self_attn.k_proj", &LayerWeights::k, keys, hidden, &ModelConfig::attention_bias},
    {"self_attn.v_proj", &LayerWeights::v, keys, hidden, &ModelConfig::attention_bias},
    {"self_attn.o_proj", &LayerWeights::o, hidden, queries, &ModelConfig::attention_bias},
    {"mlp.gate_proj", &LayerWeights::gate, intermediate, hidden, &ModelConfig::mlp_bias},
    {"mlp.up_proj", &LayerWeights::up, intermediate, hidden, &ModelConfig::mlp_bias},
    {"mlp.down_proj", &LayerWeights::down, hidden, intermediate, &ModelConfig::mlp_bias},
};

constexpr NormRow llama_norms[] = {
    {"input_layernorm", &LayerWeights::attention_norm},
    {"post_attention_layernorm", &LayerWeights::mlp_norm},
};

constexpr std::size_t names_shown = 8;

std::string listed(const std::vector<std::string>& names, std::size_t count) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(in_quotes(name));
  if (count > names.size()) text += " and " + std::to_string(count - names.size()) + " more";
  return text;
}

// Buffers of the first Llama files and tensors without elements carry nothing.
bool carries_nothing(const StoredTensor& tensor) {
  return tensor.elements() == 0 || tensor.name.find(".rotary_emb.") != std::string::npos;
}

class Planner {
 public:
  Planner(const TensorFiles& files, const ModelConfig& config, WeightPlan& plan)
      : files_(files), config_(config), plan_(plan) {}

  void matrix(const std::string& name, const Dimension& rows, const Dimension& cols, Matrix& to) {
    if (const auto* tensor = take(name, {rows, cols})) plan_.matrices.push_back({tensor, &to});
  }
  void vector(const std::string& name, const Dimension& size, std::span<const float>& to) {
    if (const auto* tensor = take(name, {size})) plan_.vectors.push_back({tensor, &to});
  }
  void check_complete(bool ignore_extra) const;

 private:
  const TensorFiles::Tensor* take(const std::string& name, std::initializer_list<Dimension> shape);

  const TensorFiles& files_;
  const ModelConfig& config_;
  WeightPlan& plan_;
  std::vector<std::string> missing_;  // the first names_shown
  std::size_t n_missing_ = 0;
  std::set<const TensorFiles::Tensor*> taken_;
};

const TensorFiles::Tensor* Planner::take(const std::string& name, std::initializer_list<Dimension> shape) {
  const TensorFiles::Tensor* const tensor = files_.find(name);
  if (!tensor) {
    if (n_missing_++ < names_shown) missing_.push_back(files_.name_in_file(name));
    return nullptr;
  }
  const StoredTensor& stored = tensor->stored;
  const auto fail = [&](const std::string& problem) {
    throw LoadError(path_text(tensor->file->path()),
                    "tensor " + in_quotes(files_.name_in_file(name)) + ": " + problem);
  };
  if (!is_weight_dtype(stored.dtype))
    fail("F32, F16 or BF16 expected, " + std::string(dtype_name(stored.dtype)) + " found");
  std::vector<std::uint64_t> expected;
  std::string words;
  for (const Dimension& dimension : shape) {
    expected.push_back(static_cast<std::uint64_t>(dimension.of(config_)));
    words.append(words.empty() ? "" : " x ").append(dimension.words);
  }
  if (stored.shape != expected)
    fail(shape_text(expected) + " expected from " + files_.settings() + " (" + words + "), " +
         shape_text(stored.shape) + " found");
  taken_.insert(tensor);
  return tensor;
}

void Planner::check_complete(bool ignore_extra) const {
  if (n_missing_ > 0)
    throw LoadError(path_text(files_.source()), "tensors expected from " + files_.settings() +
                                                    ", none found: " + listed(missing_, n_missing_));
  if (ignore_extra) return;
  std::vector<std::string> extra;
  std::size_t n_extra = 0;
  for (const TensorFiles::Tensor& tensor : files_.tensors())
    if (!taken_.contains(&tensor) && !carries_nothing(tensor.stored) && n_extra++ < names_shown)
      extra.push_back(files_.name_in_file(tensor.stored.name));
  if (n_extra > 0)
    throw LoadError(path_text(files_.source()), "no other tensors expected from " + files_.settings() + " (" +
                                                    config_.architecture +
                                                    "), found: " + listed(extra, n_extra));
}

}  // namespace

WeightPlan plan_weights(const TensorFiles& files, const ModelConfig& config, bool ignore_extra,
                        Weights& weights) {
  constexpr const char* embedding_name = "model.embed_tokens.weight";
  constexpr const char* head_name = "lm_head.weight";
  WeightPlan plan;
  Planner planner(files, config, plan);
  // Each layer has tensors of its own, so more layers than tensors cannot be complete: that many are enough
  // to find the missing ones, whatever the config claims.
  const std::size_t n_layers =
      std::min(static_cast<std::size_t>(config.n_layers), files.tensors().size() + 1);
  weights.layers.resize(n_layers);

  // Tied weights may be stored under either name. A head of its own beside the embedding is used, as in
  // transformers.
  const bool has_head = files.find(head_name), has_embedding = files.find(embedding_name);
  plan.tied = config.tied_embeddings && !(has_head && has_embedding);
  planner.matrix(plan.tied && has_head ? head_name : embedding_name, vocabulary, hidden, weights.embedding);
  for (std::size_t i = 0; i < n_layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i) + ".";
    for (const NormRow& row : llama_norms)
      planner.vector(layer + std::string(row.module) + ".weight", hidden, weights.layers[i].*row.to);
    for (const LinearRow& row : llama_linears) {
      const std::string module = layer + std::string(row.module);
      Linear& linear = weights.layers[i].*row.to;
      planner.matrix(module + ".weight", row.rows, row.cols, linear.weight);
      if (config.*row.bias) planner.vector(module + ".bias", row.rows, linear.bias);
    }
  }
  planner.vector("model.norm.weight", hidden, weights.final_norm);
  if (!plan.tied) planner.matrix(head_name, vocabulary, hidden, weights.head);
  planner.check_complete(ignore_extra);
  return plan;
}

}  // namespace kelvin
