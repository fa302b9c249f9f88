// What a tokenizer file says, as plain data.
#pragma once

#include <string>
#include <vector>

#include "tokenizer/models/model_spec.h"
#include "tokenizer/models/vocabulary.h"
#include "tokenizer/pipeline/pipeline_spec.h"

namespace kelvin {

// The ids put before and behind those of the text.
struct PostProcessorSpec {
  std::vector<int> before, after;
};

struct TokenizerSpec {
  std::string source;  // the file, for errors that only a text brings about
  TokenTable vocabulary;
  std::vector<AddedToken> added_tokens;
  std::vector<NormalizerSpec> normalizers;
  std::vector<PreTokenizerSpec> pre_tokenizers;
  ModelSpec model;
  PostProcessorSpec post_processor;
  std::vector<DecoderSpec> decoders;  // none: pieces are joined by spaces
};

}  // namespace kelvin
