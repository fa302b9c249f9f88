#include "loaders/model/hf_wrapper.h"

#include <algorithm>
#include <array>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"

namespace kelvin {
namespace {

struct Wrapper {
  std::string_view architecture;
  std::string_view text_type;  // model_type of the text part where it says none
  bool tied = false;           // where the whole model's config does not say tie_word_embeddings
  bool flat = false;           // the text part's keys may stand among those of the whole
};

constexpr Wrapper wrappers[] = {
    {"SmolVLMForConditionalGeneration", "llama"},
    {"Idefics3ForConditionalGeneration", "llama"},
    {"Qwen2VLForConditionalGeneration", "qwen2_vl_text", false, true},
    {"Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl_text", false, true},
    {"Qwen3VLForConditionalGeneration", "qwen3_vl_text"},
    {"InternVLForConditionalGeneration", "qwen2", true},
    {"InternVLChatModel", "qwen2"},
    {"Gemma3ForConditionalGeneration", "gemma3_text", true},
    {"Mistral3ForConditionalGeneration", "mistral", true},
    {"LlavaForConditionalGeneration", "llama"},
    {"LlavaNextForConditionalGeneration", "llama"},
    {"LlavaOnevisionForConditionalGeneration", "qwen2"},
    {"AyaVisionForConditionalGeneration", "cohere2", true},
};

constexpr TextPrefix all_prefixes[] = {{"model.", "lm_head.weight"},
                                       {"language_model.model.", "language_model.lm_head.weight"},
                                       {"model.language_model.", "lm_head.weight"},
                                       {"model.text_model.", "lm_head.weight"},
                                       {"model.language_model.model.", "model.language_model.lm_head.weight"},
                                       {"language_model.", "lm_head.weight"},
                                       {"", "lm_head.weight"}};

constexpr std::array other_parts = {"visual.",
                                    "vision_tower.",
                                    "vision_model.",
                                    "multi_modal_projector.",
                                    "model.visual.",
                                    "audio_tower.",
                                    "model.vision_tower.",
                                    "model.connector.",
                                    "model.vision_model.",
                                    "mlp1.",
                                    "image_newline",
                                    "model.image_newline",
                                    "model.audio_tower.",
                                    "model.multi_modal_projector."};

const Family* family_of_type(std::string_view type) {
  const auto all = families();
  auto found = std::ranges::find(all, type, &Family::model_type);
  if (found != all.end()) return &*found;
  const auto parts = text_families();
  found = std::ranges::find(parts, type, &Family::model_type);
  return found == parts.end() ? nullptr : &*found;
}

const Family& family_of_text(JsonValue text, std::string_view otherwise) {
  const auto type = optional_member(text, "model_type");
  const std::string_view name = type ? type->as_string() : otherwise;
  if (const Family* family = family_of_type(name)) return *family;
  std::string known;
  for (const auto table : {families(), text_families()})
    for (const Family& family : table) known.append(known.empty() ? "" : ", ").append(family.model_type);
  const std::string problem = "one of " + known + " expected, ";
  if (type) type->fail(problem + in_quotes(name) + " found");
  text.fail("key \"model_type\": " + problem + "none found");
}

}  // namespace

std::optional<TextPart> text_part(JsonValue config, std::string_view architecture) {
  const auto row = std::ranges::find(wrappers, architecture, &Wrapper::architecture);
  const bool known = row != std::end(wrappers);
  for (const char* key : {"text_config", "llm_config"}) {
    const auto text = optional_member(config, key);
    if (!text || !text->is_object()) continue;
    const Family& family = family_of_text(*text, known ? row->text_type : "");
    const auto whole = optional_bool(config, "tie_word_embeddings"),
               own = optional_bool(*text, "tie_word_embeddings");
    // Either place may say so; a head of its own in the files counts in any case.
    if (whole || known)
      return TextPart{family, *text, whole.value_or(known && row->tied) || own.value_or(false)};
    return TextPart{family, *text, own};
  }
  if (!known || !row->flat) return std::nullopt;
  return TextPart{*family_of_type(row->text_type), config, optional_bool(config, "tie_word_embeddings")};
}

std::span<const TextPrefix> text_prefixes() { return all_prefixes; }

bool is_of_another_part(std::string_view tensor_name) {
  return std::ranges::any_of(other_parts,
                             [&](std::string_view part) { return tensor_name.starts_with(part); });
}

}  // namespace kelvin
