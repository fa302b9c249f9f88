// The tokenizer files of a Hugging Face folder: tokenizer.json or else a SentencePiece or tiktoken
// vocabulary, tokenizer_config.json, special_tokens_map.json and the chat template.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace kelvin {

struct NamedToken {
  std::string content;
  std::optional<int> id;  // absent if the vocabulary does not have it
};

struct TokenizerInfo {
  // From tokenizer_config.json, else special_tokens_map.json.
  std::optional<NamedToken> bos, eos, unk, pad;
  std::vector<std::pair<std::string, std::string>>
      more_tokens;  // sep_token, image_token, ...: name and content
  // As stated; tokenizer.json alone decides what encode() adds.
  std::optional<bool> add_bos_token, add_eos_token;
  std::optional<long long> model_max_length;  // tokens; absent if none or "very large"

  std::optional<std::string> chat_template;       // chat_template.jinja, else the key (list form: "default")
  std::optional<std::string> tool_chat_template;  // list form or additional_chat_templates: "tool_use"
  std::vector<std::pair<std::string, std::string>> named_templates;  // all that have a name, and their text
  std::string chat_template_origin;                                  // the file, for errors
};

struct LoadedTokenizer {
  Tokenizer tokenizer;
  TokenizerInfo info;
};

// Reads a folder that holds at least a tokenizer.json, what tokenizer_model.h reads or a tokenizer.gguf
// (which kelvin-quantize writes), or a GGUF file. Throws LoadError with file, key, expected and found.
LoadedTokenizer load_tokenizer(const std::filesystem::path& folder);

}  // namespace kelvin
