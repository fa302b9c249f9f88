// SentencePiece's model file: tokenizer.model, spiece.model, a protocol buffer.
#pragma once

#include <string_view>

#include "loaders/tokenizer/sentencepiece_model.h"

namespace kelvin {

struct SentencePieceFile {
  SentencePieceModel model;
  int bos_id = -1, eos_id = -1, pad_id = -1;  // -1: none
};

// `name` begins every error. Throws LoadError; what is not understood is refused by name.
SentencePieceFile parse_sentencepiece(std::string_view bytes, std::string_view name);

}  // namespace kelvin
