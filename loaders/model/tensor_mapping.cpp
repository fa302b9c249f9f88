#include "loaders/model/tensor_mapping.h"

#include <algorithm>
#include <set>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/model/hf_family.h"
#include "loaders/model/hf_wrapper.h"
#include "loaders/tensors/convert.h"

namespace kelvin {
namespace {

// A size, with the words an error uses for it.
struct Dimension {
  std::string_view words;
  std::int64_t size;
};

constexpr std::size_t names_shown = 8;

std::string listed(const std::vector<std::string>& names, std::size_t count) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(in_quotes(name));
  if (count > names.size()) text += " and " + std::to_string(count - names.size()) + " more";
  return text;
}

// Older tools write biases of zeros beside codes where the model has none.
bool is_zero_bias(const TensorFiles& files, const StoredTensor& tensor) {
  constexpr std::string_view end = ".bias";
  if (!tensor.name.ends_with(end)) return false;
  const auto* const weight = files.find(tensor.name.substr(0, tensor.name.size() - end.size()) + ".weight");
  return weight && weight->stored.computed &&
         std::all_of(tensor.data.begin(), tensor.data.end(),
                     [](std::byte byte) { return byte == std::byte{}; });
}

// Buffers of the first Llama files and tensors without elements carry nothing.
bool carries_nothing(const StoredTensor& tensor) {
  return tensor.elements() == 0 || tensor.name.find(".rotary_emb.") != std::string::npos;
}

// `pattern` with its # replaced.
std::string numbered(std::string_view pattern, int number) {
  const std::size_t mark = pattern.find('#');
  return std::string(pattern.substr(0, mark)) + std::to_string(number) +
         std::string(pattern.substr(mark + 1));
}

// Finds tensors and checks their shapes; remembers what is missing and what is left.
class Finder {
 public:
  explicit Finder(const TensorFiles& files) : files_(files) {}

  // nullptr if absent.
  const TensorFiles::Tensor* take(const std::string& name, std::initializer_list<Dimension> shape,
                                  bool may_be_packed = false);
  // Of the tensors whose name begins with `prefix`. Throws LoadError.
  void check_complete(const std::string& architecture, std::string_view prefix, bool ignore_extra) const;

 private:
  const TensorFiles& files_;
  std::vector<std::string> missing_;  // the first names_shown
  std::size_t n_missing_ = 0;
  std::set<const TensorFiles::Tensor*> taken_;
};

const TensorFiles::Tensor* Finder::take(const std::string& name, std::initializer_list<Dimension> shape,
                                        bool may_be_packed) {
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
  if (!is_weight_dtype(stored.dtype) && !(stored.packed && may_be_packed))
    fail("F32, F16 or BF16 expected, " + std::string(dtype_name(stored.dtype)) + " found");
  std::vector<std::uint64_t> expected;
  std::string words;
  for (const Dimension& dimension : shape) {
    expected.push_back(static_cast<std::uint64_t>(dimension.size));
    words.append(words.empty() ? "" : " x ").append(dimension.words);
  }
  if (stored.shape != expected)
    fail(shape_text(expected) + " expected from " + files_.settings() + " (" + words + "), " +
         shape_text(stored.shape) + " found");
  taken_.insert(tensor);
  return tensor;
}

void Finder::check_complete(const std::string& architecture, std::string_view prefix,
                            bool ignore_extra) const {
  if (n_missing_ > 0)
    throw LoadError(path_text(files_.source()), "tensors expected from " + files_.settings() +
                                                    ", none found: " + listed(missing_, n_missing_));
  if (ignore_extra) return;
  std::vector<std::string> extra;
  std::size_t n_extra = 0;
  for (const TensorFiles::Tensor& tensor : files_.tensors())
    if (tensor.stored.name.starts_with(prefix) && !taken_.contains(&tensor) &&
        !carries_nothing(tensor.stored) && !is_of_another_part(tensor.stored.name) &&
        !is_zero_bias(files_, tensor.stored) && n_extra++ < names_shown)
      extra.push_back(files_.name_in_file(tensor.stored.name));
  if (n_extra > 0)
    throw LoadError(path_text(files_.source()), "no other tensors expected from " + files_.settings() + " (" +
                                                    architecture + "), found: " + listed(extra, n_extra));
}

// Walks through a model as its config describes it.
class Planner {
 public:
  Planner(const TensorFiles& files, const ModelConfig& config, const TensorNames& names, WeightPlan& plan)
      : files_(files), c_(config), names_(names), plan_(plan), finder_(files) {}

  void run(Weights& weights, bool ignore_extra);

 private:
  void find_prefixes();
  void layer(const LayerSpec& spec, LayerWeights& w);
  void norms(LayerWeights& w);
  void attention(LayerWeights& w);
  void latent(LayerWeights& w);
  void head_norm(std::string_view name, int heads, Dimension whole, Norm& to);
  void mlps(const LayerSpec& spec, LayerWeights& w);
  void mlp(const std::string& gate, const std::string& up, const std::string& down, Dimension inner,
           bool bias, Mlp& to);

  void matrix(const std::string& name, Dimension rows, Dimension cols, Matrix& to, bool exact = false);
  void vector(const std::string& name, std::initializer_list<Dimension> shape, std::span<const float>& to,
              float plus = 0.0f);
  // `module` is below the layer.
  void linear(std::string_view module, Dimension rows, Dimension cols, bool bias, Linear& to);
  // A matrix that holds the rows of several.
  void fused(std::string_view module, Dimension rows, Dimension cols, std::span<const int> parts,
             std::initializer_list<Linear*> to);
  void norm(const std::string& module, Dimension size, Norm& to);
  std::string here(std::string_view module) const { return layer_ + std::string(module); }

  const TensorFiles& files_;
  const ModelConfig& c_;
  const TensorNames& names_;
  WeightPlan& plan_;
  Finder finder_;
  std::string model_;  // before "embed_tokens", "layers" and "norm"
  std::string head_;
  std::string layer_;  // of the layer at hand, "model.layers.7."

  const Dimension vocabulary_{"vocab_size", c_.vocab_size};
  const Dimension hidden_{"hidden_size", c_.hidden_size};
  const Dimension intermediate_{"intermediate_size", c_.intermediate_size};
  const Dimension queries_{"num_attention_heads * head_dim", std::int64_t{c_.n_heads} * c_.head_dim};
  const Dimension keys_{"num_key_value_heads * head_dim", std::int64_t{c_.n_kv_heads} * c_.head_dim};
};

void Planner::matrix(const std::string& name, Dimension rows, Dimension cols, Matrix& to, bool exact) {
  if (const auto* tensor = finder_.take(name, {rows, cols}, !exact))
    plan_.matrices.push_back(
        {tensor, 0, static_cast<int>(rows.size), static_cast<int>(cols.size), &to, exact});
}

void Planner::vector(const std::string& name, std::initializer_list<Dimension> shape,
                     std::span<const float>& to, float plus) {
  if (const auto* tensor = finder_.take(name, shape)) plan_.vectors.push_back({{tensor}, plus, &to});
}

void Planner::linear(std::string_view module, Dimension rows, Dimension cols, bool bias, Linear& to) {
  matrix(here(module) + ".weight", rows, cols, to.weight);
  if (bias) vector(here(module) + ".bias", {rows}, to.bias);
}

void Planner::fused(std::string_view module, Dimension rows, Dimension cols, std::span<const int> parts,
                    std::initializer_list<Linear*> to) {
  const auto* tensor = finder_.take(here(module) + ".weight", {rows, cols}, true);
  if (!tensor) return;
  int first = 0;
  auto part = parts.begin();
  for (Linear* linear : to) {
    plan_.matrices.push_back({tensor, first, *part, static_cast<int>(cols.size), &linear->weight});
    first += *part++;
  }
}

void Planner::norm(const std::string& module, Dimension size, Norm& to) {
  vector(module + ".weight", {size}, to.weight, names_.norms_less_one ? 1.0f : 0.0f);
  if (c_.norm_bias) vector(module + ".bias", {size}, to.bias);
}

void Planner::norms(LayerWeights& w) {
  if (c_.norm_before) norm(here(names_.attention_norm), hidden_, w.attention_norm);
  if (c_.norm_before && !c_.parallel) norm(here(names_.mlp_norm), hidden_, w.mlp_norm);
  if (!c_.norm_after) return;
  norm(here(names_.attention_post_norm), hidden_, w.attention_post_norm);
  norm(here(names_.mlp_post_norm), hidden_, w.mlp_post_norm);
}

void Planner::head_norm(std::string_view name, int heads, Dimension whole, Norm& to) {
  const Dimension one{"head_dim", c_.head_dim};
  const float plus = names_.norms_less_one ? 1.0f : 0.0f;
  if (c_.head_norm == HeadNorm::per_head) return vector(here(name) + ".weight", {one}, to.weight, plus);
  if (c_.head_norm == HeadNorm::all_heads) return vector(here(name) + ".weight", {whole}, to.weight, plus);
  if (name.find('#') == std::string_view::npos)
    return vector(here(name) + ".weight", {{"heads", heads}, one}, to.weight, plus);
  WeightPlan::VectorPlace place{{}, plus, &to.weight};
  for (int head = 0; head < heads && place.tensors.size() <= files_.tensors().size(); ++head)
    if (const auto* tensor = finder_.take(here(numbered(name, head)) + ".weight", {one}))
      place.tensors.push_back(tensor);
    else
      return;
  plan_.vectors.push_back(std::move(place));
}

void Planner::attention(LayerWeights& w) {
  const Dimension values{"heads * value_dim", std::int64_t{c_.n_heads} * c_.value_dim};
  linear(names_.o, hidden_, c_.latent.key_value_rank > 0 ? values : queries_, c_.o_bias, w.o);
  if (c_.head_norm != HeadNorm::none) {
    head_norm(names_.q_norm, c_.n_heads, queries_, w.q_norm);
    head_norm(names_.k_norm, c_.n_kv_heads, keys_, w.k_norm);
  }
  if (c_.latent.key_value_rank > 0) return latent(w);
  if (!names_.qkv.empty()) {
    const int parts[] = {static_cast<int>(queries_.size), static_cast<int>(keys_.size),
                         static_cast<int>(keys_.size)};
    const Dimension all{"(num_attention_heads + 2 * num_key_value_heads) * head_dim",
                        queries_.size + 2 * keys_.size};
    return fused(names_.qkv, all, hidden_, parts, {&w.q, &w.k, &w.v});
  }
  linear(names_.q, queries_, hidden_, c_.qkv_bias, w.q);
  linear(names_.k, keys_, hidden_, c_.qkv_bias, w.k);
  linear(names_.v, keys_, hidden_, c_.qkv_bias, w.v);
}

void Planner::latent(LayerWeights& w) {
  const LatentSpec& latent = c_.latent;
  const Dimension query_rank{"q_lora_rank", latent.query_rank};
  const Dimension rank{"kv_lora_rank", latent.key_value_rank};
  if (latent.query_rank > 0) {
    linear("self_attn.q_a_proj", query_rank, hidden_, c_.qkv_bias, w.q_down);
    norm(here("self_attn.q_a_layernorm"), query_rank, w.q_down_norm);
    linear("self_attn.q_b_proj", queries_, query_rank, false, w.q);
  } else {
    linear(names_.q, queries_, hidden_, false, w.q);
  }
  const Dimension down{"kv_lora_rank + qk_rope_head_dim",
                       std::int64_t{latent.key_value_rank} + c_.head_dim - latent.unrotated_dims};
  linear("self_attn.kv_a_proj_with_mqa", down, hidden_, c_.qkv_bias, w.kv_down);
  norm(here("self_attn.kv_a_layernorm"), rank, w.kv_down_norm);
  const Dimension up{"num_attention_heads * (qk_nope_head_dim + v_head_dim)",
                     std::int64_t{c_.n_heads} * (latent.unrotated_dims + c_.value_dim)};
  linear("self_attn.kv_b_proj", up, rank, false, w.kv_up);
}

void Planner::mlp(const std::string& gate, const std::string& up, const std::string& down, Dimension inner,
                  bool bias, Mlp& to) {
  if (c_.gated) linear(gate, inner, hidden_, bias, to.gate);
  linear(up, inner, hidden_, bias, to.up);
  linear(down, hidden_, inner, bias, to.down);
}

void Planner::mlps(const LayerSpec& spec, LayerWeights& w) {
  if (!spec.experts) {
    if (names_.gate_up.empty())
      return mlp(std::string(names_.gate), std::string(names_.up), std::string(names_.down), intermediate_,
                 c_.mlp_bias, w.mlp);
    const int parts[] = {c_.intermediate_size, c_.intermediate_size};
    fused(names_.gate_up, {"2 * intermediate_size", std::int64_t{2} * c_.intermediate_size}, hidden_, parts,
          {&w.mlp.gate, &w.mlp.up});
    return linear(names_.down, hidden_, intermediate_, c_.mlp_bias, w.mlp.down);
  }
  const ExpertSpec& e = c_.experts;
  const Dimension count{"experts", e.count};
  matrix(here(names_.router) + ".weight", count, hidden_, w.router.weight, true);
  if (e.corrected) vector(here(names_.router) + ".e_score_correction_bias", {count}, w.router_correction);
  // As for layers: more experts than tensors cannot be complete.
  w.experts.resize(std::min(static_cast<std::size_t>(e.count), files_.tensors().size() + 1));
  for (std::size_t i = 0; i < w.experts.size(); ++i) {
    const int n = static_cast<int>(i);
    mlp(numbered(names_.expert_gate, n), numbered(names_.expert_up, n), numbered(names_.expert_down, n),
        {"size of an expert", e.intermediate_size}, false, w.experts[i]);
  }
  const std::string shared(names_.shared);
  if (e.shared_intermediate_size > 0)
    mlp(shared + ".gate_proj", shared + ".up_proj", shared + ".down_proj",
        {"size of the shared expert", e.shared_intermediate_size}, c_.mlp_bias, w.mlp);
  if (e.shared_gate) matrix(here(shared) + "_gate.weight", {"1", 1}, hidden_, w.shared_gate.weight, true);
}

void Planner::layer(const LayerSpec& spec, LayerWeights& w) {
  norms(w);
  attention(w);
  mlps(spec, w);
}

// The text part of a multimodal model stands below a prefix, beside parts that are not asked for.
void Planner::find_prefixes() {
  const auto holds = [&](const TextPrefix& prefix) {
    return files_.find(std::string(prefix.decoder) + "embed_tokens.weight") != nullptr;
  };
  const auto prefixes = text_prefixes();
  const auto found = std::ranges::find_if(prefixes, holds);
  const TextPrefix& prefix = found == prefixes.end() ? prefixes.front() : *found;
  model_ = prefix.decoder;
  head_ = prefix.head;
  if (!files_.find(head_) && files_.find(prefixes.front().head)) head_ = prefixes.front().head;
}

void Planner::run(Weights& weights, bool ignore_extra) {
  find_prefixes();
  // Each layer has tensors of its own, so more layers than tensors cannot be complete: that many are enough
  // to find the missing ones, whatever the config claims.
  const std::size_t n_layers = std::min(static_cast<std::size_t>(c_.n_layers), files_.tensors().size() + 1);
  weights.layers.resize(n_layers);

  // Tied weights may be stored under either name. A head of its own beside the embedding is used, as in
  // transformers.
  const std::string embedding = model_ + "embed_tokens.weight";
  const bool has_head = files_.find(head_), has_embedding = files_.find(embedding);
  plan_.tied = c_.tied_embeddings && !(has_head && has_embedding);
  matrix(plan_.tied && has_head ? head_ : embedding, vocabulary_, hidden_, weights.embedding);
  for (std::size_t i = 0; i < n_layers; ++i) {
    layer_ = model_ + "layers." + std::to_string(i) + ".";
    layer(c_.layers[i], weights.layers[i]);
  }
  norm(model_ + "norm", hidden_, weights.final_norm);
  if (!plan_.tied) matrix(head_, vocabulary_, hidden_, weights.lm_head);
  finder_.check_complete(c_.architecture, model_ == "model." ? "" : model_, ignore_extra);
}

}  // namespace

WeightPlan plan_weights(const TensorFiles& files, const ModelConfig& config, bool ignore_extra,
                        Weights& weights) {
  const Family* family = family_named(config.architecture);
  if (!family)
    throw LoadError(path_text(files.source()), "no family of models: " + in_quotes(config.architecture));
  WeightPlan plan;
  Planner(files, config, family->names, plan).run(weights, ignore_extra);
  return plan;
}

}  // namespace kelvin
