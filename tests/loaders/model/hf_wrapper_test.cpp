#include "loaders/model/hf_wrapper.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "engine/forward/model.h"
#include "loaders/model/hf_config.h"
#include "loaders/model/model_folder.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

const std::string text_sizes =
    R"("vocab_size": 5, "hidden_size": 4, "num_hidden_layers": 1, "intermediate_size": 3,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6)";

ModelConfig wrapped(const std::string& architecture, const std::string& root, const std::string& text) {
  const std::string head = R"({"architectures": [")" + architecture + "\"]" + root;
  return model_config(
      parse_json(head + (text.empty() ? "" : ", \"text_config\": {" + text + "}") + "}", "config.json"));
}

}  // namespace

TEST_CASE(
    "the text part of a multimodal model is read as the family it is of, with the defaults it has there") {
  const auto read = [](const std::string& architecture, const std::string& type) {
    return wrapped(architecture, "", text_sizes + (type.empty() ? "" : ", \"model_type\": \"" + type + "\""));
  };
  CHECK(read("SmolVLMForConditionalGeneration", "llama").architecture == "LlamaForCausalLM");
  CHECK(read("Idefics3ForConditionalGeneration", "").architecture == "LlamaForCausalLM");
  CHECK(read("InternVLForConditionalGeneration", "qwen3").architecture == "Qwen3ForCausalLM");
  CHECK(read("Gemma3ForConditionalGeneration", "").architecture == "Gemma3ForCausalLM");
  CHECK(read("NeverSeenForConditionalGeneration", "mistral").architecture == "MistralForCausalLM");
  const ModelConfig vl = read("Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl_text");
  CHECK(vl.architecture == "Qwen2ForCausalLM");
  CHECK(vl.qkv_bias);
  CHECK(vl.norm_epsilon == 1e-5f);
  CHECK(vl.ropes[0].theta == 1e6);
  const ModelConfig vl3 = read("Qwen3VLForConditionalGeneration", "qwen3_vl_text");
  CHECK(vl3.ropes[0].theta == 5e5);
  CHECK(vl3.max_position == 128000);
  CHECK(vl3.head_norm == HeadNorm::per_head);
  const auto refused = [&](const std::string& type) {
    return load_error([&] { read("NeverSeenForConditionalGeneration", type); });
  };
  CHECK(holds(refused("mllama_text_model"), "config.json: text_config.model_type: one of llama, "));
  CHECK(holds(refused(""), "config.json: text_config: key \"model_type\""));
}

TEST_CASE("keys of the text may stand among those of the whole, and mrope is plain RoPE on text") {
  const std::string mrope = R"(, "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 1]})";
  const ModelConfig flat =
      wrapped("Qwen2VLForConditionalGeneration",
              ", " + text_sizes + R"(, "rope_theta": 7e5, "tie_word_embeddings": true)" + mrope, "");
  CHECK(flat.ropes[0].theta == 7e5);
  CHECK(flat.ropes[0].kind == RopeKind::unscaled);
  CHECK(flat.tied_embeddings);
  // A text part of its own is what counts then.
  CHECK(wrapped("Qwen2VLForConditionalGeneration", R"(, "vocab_size": 99)", text_sizes).vocab_size == 5);
  CHECK(
      wrapped("Qwen2VLForConditionalGeneration", "",
              text_sizes + R"(, "rope_scaling": {"type": "yarn", "factor": 2.0, "mrope_section": [1, 1, 1]})")
          .ropes[0]
          .kind == RopeKind::yarn);
  CHECK(holds(load_error([&] { wrapped("Qwen2ForCausalLM", ", " + text_sizes + mrope, ""); }),
              "\"mrope\" found"));
  CHECK(holds(load_error([&] { wrapped("SmolVLMForConditionalGeneration", ", " + text_sizes, ""); }),
              "architectures[0]"));
}

TEST_CASE("head and embedding are one where the whole, its class or the text says so") {
  const auto tied = [](const std::string& architecture, const std::string& root, const std::string& text) {
    return wrapped(architecture, root, text_sizes + text).tied_embeddings;
  };
  const std::string yes = R"(, "tie_word_embeddings": true)", no = R"(, "tie_word_embeddings": false)";
  CHECK_FALSE(tied("SmolVLMForConditionalGeneration", "", ""));
  CHECK(tied("SmolVLMForConditionalGeneration", yes, no));
  CHECK(tied("Qwen3VLForConditionalGeneration", yes, ""));
  CHECK(tied("Qwen2VLForConditionalGeneration", no, yes));
  CHECK(tied("InternVLForConditionalGeneration", "", no));
  CHECK_FALSE(tied("InternVLForConditionalGeneration", no, no));
  CHECK(tied("Gemma3ForConditionalGeneration", "", ""));
  CHECK_FALSE(tied("Gemma3ForConditionalGeneration", no, ""));
}

TEST_CASE("a decoder is found below every prefix, with its head, beside parts that see and hear") {
  const ModelConfig config = tiny_config();
  for (const TextPrefix& prefix : text_prefixes())
    for (const std::string& head : {std::string(prefix.head), std::string("lm_head.weight")}) {
      CAPTURE(std::string(prefix.decoder));
      auto tensors = tiny_tensors(config);
      for (TensorToWrite& tensor : tensors)
        tensor.name =
            tensor.name == "lm_head.weight" ? head : std::string(prefix.decoder) + tensor.name.substr(6);
      tensors.push_back({"visual.blocks.0.attn.qkv.weight", "BF16", {1}, u16_bytes({1})});
      tensors.push_back({"model.vision_model.post_layernorm.bias", "BF16", {1}, u16_bytes({1})});
      const TemporaryFolder folder;
      write_file(folder.path() / "model.safetensors", safetensors_file(tensors));
      const Weights weights = load_weights(folder.path(), config);
      CHECK(static_cast<const float*>(weights.lm_head.data)[0] !=
            static_cast<const float*>(weights.embedding.data)[0]);
      tensors.push_back(
          {std::string(prefix.decoder) + "layers.0.self_attn.q_proj.bias", "BF16", {1}, u16_bytes({1})});
      write_file(folder.path() / "model.safetensors", safetensors_file(tensors));
      CHECK(holds(load_error([&] { load_weights(folder.path(), config); }), "q_proj.bias"));
    }
}

TEST_CASE("the text part of SmolVLM gives the reference's logits") {
  if (!shared_has("cases/14-smolvlm-text-prefix/model")) return;
  const auto folder = shared_dir() / "cases/14-smolvlm-text-prefix";
  LoadedModel loaded = load_model(folder / "model");
  Model model(std::move(loaded.config), std::move(loaded.weights), {.threads = 1});
  const std::vector<int> ids = {5, 9, 17, 33, 60, 101, 7};
  Sequence sequence(model, 7);
  std::vector<float> rows;
  const Feed feed{&sequence, ids, Want::all};
  model.forward({&feed, 1},
                [&](int, int, std::span<const float> z) { rows.insert(rows.end(), z.begin(), z.end()); });
  const std::string npy = read_text(folder / "logits.npy");
  const std::size_t header =
      10 + static_cast<unsigned char>(npy[8]) + 256u * static_cast<unsigned char>(npy[9]);
  REQUIRE(npy.size() == header + rows.size() * 4);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    float expected;
    std::memcpy(&expected, npy.data() + header + 4 * i, 4);
    REQUIRE(std::fabs(rows[i] - expected) < 1e-4);
  }
}
