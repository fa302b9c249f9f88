// The tokenizer of a folder without tokenizer.json: SentencePiece's or tiktoken's vocabulary, completed by
// what tokenizer_config.json says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tokenizer/spec.h"

namespace kelvin {

struct TokenizerModelFile {
  TokenizerSpec spec;
  std::optional<std::string> bos, eos;  // contents, as the vocabulary itself has them
};

// The file that holds the folder's vocabulary: tokenizer.model, spiece.model, tiktoken.model or the one
// *.tiktoken. Nothing if there is none; throws LoadError if several *.tiktoken are there.
std::optional<std::filesystem::path> find_tokenizer_model(const std::filesystem::path& folder);

// Throws LoadError: what the folder does not say, or says in a way that is not understood, is refused by
// name.
TokenizerModelFile load_tokenizer_model(const std::filesystem::path& file);

}  // namespace kelvin
