#include "loaders/gguf/gguf_config.h"

#include <algorithm>

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_deepseek.h"
#include "loaders/gguf/gguf_key_check.h"
#include "loaders/gguf/gguf_rope.h"

namespace kelvin {
namespace {

constexpr std::int64_t max_count = std::int64_t{1} << 30;  // of any size; the engine's own bounds come later

// Rows of the embedding: what the model can really give, whatever vocab_size says.
std::uint64_t vocabulary_rows(const GgufKeys& keys) {
  const StoredTensor* const embedding = keys.tensor("token_embd.weight");
  if (!embedding || embedding->shape.size() != 2)
    throw LoadError(keys.file().name(), "tensor \"token_embd.weight\" of two dimensions expected, " +
                                            std::string(embedding ? "another shape" : "none") + " found");
  return embedding->shape[0];
}

std::int64_t head_dim_of(const GgufKeys& keys, std::int64_t hidden, std::int64_t heads) {
  const auto key_length = keys.integer("attention.key_length");
  const auto value_length = keys.integer("attention.value_length");
  const std::int64_t head_dim = key_length.value_or(hidden / heads);
  if (value_length && *value_length != head_dim)
    keys.at("attention.value_length")
        .fail("attention.key_length (" + std::to_string(head_dim) + ") expected, " +
              std::to_string(*value_length) + " found");
  if (!key_length && hidden % heads != 0)
    keys.at("attention.head_count")
        .fail("a divisor of embedding_length (" + std::to_string(hidden) +
              ") expected where attention.key_length is absent, " + std::to_string(heads) + " found");
  return head_dim;
}

// Ids that end an answer: those named, and control tokens that chat models end their turn with. Files hold
// the end of text more often than the end of a turn in eos_token_id.
std::vector<std::int64_t> end_ids(const GgufFile& file) {
  std::vector<std::int64_t> ids;
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
    if (const auto value = file.find(key)) ids.push_back(value->int_in(0, max_count));
  constexpr std::string_view names[] = {
      "<|eot_id|>",      "<|eom_id|>", "<|im_end|>",     "<|end|>",
      "<end_of_turn>",   "<|eot|>",    "<|endoftext|>",  "<|END_OF_TURN_TOKEN|>",
      "<|end_of_text|>", "<EOT>",      "<|end_of_role|>"};
  constexpr std::int64_t control = 3;
  const auto tokens = file.find("tokenizer.ggml.tokens");
  const auto types = file.find("tokenizer.ggml.token_type");
  if (tokens && types && tokens->size() == types->size()) {
    const auto texts = tokens->strings();
    const auto kinds = types->ints();
    for (std::size_t id = 0; id < texts.size(); ++id)
      if (kinds[id] == control && std::find(std::begin(names), std::end(names), texts[id]) != std::end(names))
        ids.push_back(static_cast<std::int64_t>(id));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

JsonDocument gguf_config(const GgufKeys& keys, const GgufFamily& family) {
  const std::int64_t hidden = keys.at("embedding_length").int_in(1, max_count);
  keys.at("attention.head_count");
  const std::int64_t heads = *keys.integer("attention.head_count");
  const std::int64_t max_position = keys.integer("context_length").value_or(2048);

  JsonWriter config;
  config.begin_object().key("architectures").begin_array().value(family.architecture).end_array();
  config.member("vocab_size", vocabulary_rows(keys)).member("hidden_size", hidden);
  config.member("num_hidden_layers", keys.at("block_count").int_in(1, max_count));
  keys.at("feed_forward_length");
  config.member("intermediate_size", *keys.integer("feed_forward_length", 0));
  config.member("num_attention_heads", heads);
  const auto kv_heads = keys.integer("attention.head_count_kv");
  std::int64_t head_dim, rotating;  // of a head: its width, and what of it can rotate
  if (family.latent) {
    const gguf::LatentWidths widths = gguf::write_latent_sizes(keys, config);
    head_dim = widths.key;
    rotating = widths.rotated;
    config.member("num_key_value_heads", heads);
  } else {
    head_dim = rotating = head_dim_of(keys, hidden, heads);
    config.member("head_dim", head_dim);
    if (kv_heads) config.member("num_key_value_heads", *kv_heads);
    config.member("attention_bias", keys.tensor("blk.0.attn_q.bias") != nullptr);
    config.member("mlp_bias", keys.tensor("blk.0.ffn_up.bias") != nullptr);
  }
  config.member("max_position_embeddings", max_position);
  if (const auto epsilon = keys.find("attention.layer_norm_rms_epsilon"))
    config.member("rms_norm_eps", static_cast<float>(epsilon->as_double()));
  config.member("tie_word_embeddings", keys.tensor("output.weight") == nullptr);
  write_gguf_rope(keys, rotating, max_position, family.latent, config);
  if (const std::vector<std::int64_t> ids = end_ids(keys.file()); !ids.empty())
    config.member("eos_token_id", ids);
  if (const auto bos = keys.file().find("tokenizer.ggml.bos_token_id"))
    config.member("bos_token_id", bos->int_in(0, max_count));
  family.settings(keys, config);
  config.end_object();
  check_gguf_keys(keys, head_dim);
  return parse_json(config.text(), keys.file().name() + ": metadata as config.json");
}

std::optional<JsonDocument> gguf_generation_config(const GgufFile& file) {
  constexpr struct {
    std::string_view key, name;
  } numbers[] = {{"general.sampling.temp", "temperature"},
                 {"general.sampling.top_p", "top_p"},
                 {"general.sampling.min_p", "min_p"},
                 {"general.sampling.penalty_repeat", "repetition_penalty"}};
  JsonWriter config;
  config.begin_object();
  bool any = false;
  for (const auto& [key, name] : numbers)
    if (const auto value = file.find(key)) {
      config.member(name, static_cast<float>(value->as_double()));
      any = true;
    }
  if (const auto top_k = file.find("general.sampling.top_k")) {
    config.member("top_k", top_k->int_in(-1, max_count));
    any = true;
  }
  config.end_object();
  if (!any) return std::nullopt;
  return parse_json(config.text(), file.name() + ": general.sampling");
}

}  // namespace kelvin
