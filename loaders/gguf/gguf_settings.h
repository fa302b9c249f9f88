// The settings of each architecture in GGUF's metadata that are not common to all, as config.json has them.
#pragma once

#include "loaders/gguf/gguf_keys.h"
#include "loaders/json/json_writer.h"

namespace kelvin::gguf {

// Each throws LoadError that names the key.
void llama_settings(const GgufKeys& keys, JsonWriter& config);
void mistral_settings(const GgufKeys& keys, JsonWriter& config);
void internlm3_settings(const GgufKeys& keys, JsonWriter& config);
void mixtral_settings(const GgufKeys& keys, JsonWriter& config);
void qwen_settings(const GgufKeys& keys, JsonWriter& config);     // 2 and 3
void qwen_vl_settings(const GgufKeys& keys, JsonWriter& config);  // their text parts
void qwen2moe_settings(const GgufKeys& keys, JsonWriter& config);
void qwen3moe_settings(const GgufKeys& keys, JsonWriter& config);
void qwen3vlmoe_settings(const GgufKeys& keys, JsonWriter& config);
void phi3_settings(const GgufKeys& keys, JsonWriter& config);
void gemma_settings(const GgufKeys& keys, JsonWriter& config);
void gemma2_settings(const GgufKeys& keys, JsonWriter& config);
void gemma3_settings(const GgufKeys& keys, JsonWriter& config);
void olmo2_settings(const GgufKeys& keys, JsonWriter& config);
void olmo3_settings(const GgufKeys& keys, JsonWriter& config);
void granite_settings(const GgufKeys& keys, JsonWriter& config);
void smollm3_settings(const GgufKeys& keys, JsonWriter& config);
void stablelm_settings(const GgufKeys& keys, JsonWriter& config);
void starcoder2_settings(const GgufKeys& keys, JsonWriter& config);
void cohere_settings(const GgufKeys& keys, JsonWriter& config);
void cohere2_settings(const GgufKeys& keys, JsonWriter& config);

void copy_number(const GgufKeys& keys, std::string_view from, JsonWriter& config, std::string_view to);
void copy_integer(const GgufKeys& keys, std::string_view from, JsonWriter& config, std::string_view to);

}  // namespace kelvin::gguf
