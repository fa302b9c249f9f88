// tokenizer.ggml.pre: the name llama.cpp gives to how a byte-level tokenizer cuts text into words. A GGUF
// file holds the name only, not the rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace kelvin {

struct GgufWords {
  std::vector<NormalizerSpec> normalizers;
  std::vector<PreTokenizerSpec> pre_tokenizers;
  bool ignore_merges = false;
  // Tokens are text in which U+2581 stands for a blank, with <0xNN> for bytes; else they are byte-level.
  bool plain_text = false;
  bool add_bos = false;  // where tokenizer.ggml.add_bos_token is absent
};

// Nothing if the name is not known.
std::optional<GgufWords> gguf_words(std::string_view name);

}  // namespace kelvin
