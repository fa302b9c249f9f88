// tiktoken's vocabulary files: a token in base64 and its rank on each line. The file has neither the pattern
// that cuts words nor the special tokens; those are said in tokenizer_config.json or known by the layout.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/tokenizer/tokenizer_config.h"
#include "tokenizer/spec.h"

namespace kelvin {

struct TiktokenFile {
  std::string name;                 // for errors
  std::vector<std::string> tokens;  // by rank, which is the id; empty: none
};

bool looks_like_tiktoken(std::string_view bytes);

// Throws LoadError "name: line N: ...".
TiktokenFile parse_tiktoken(std::string_view text, const std::string& name);

struct TiktokenLayout {
  std::string pattern;  // words are its matches
  bool nfc = false;
  std::vector<std::string>
      special;  // ids from the number of ranks on; empty where tokenizer_config.json has them
  std::optional<std::string> bos, eos;
  bool add_bos = false, add_eos = false;
};

// By pat_str and tokenizer_class of tokenizer_config.json, or by Llama 3's number of ranks and BOS. Throws
// LoadError where the folder does not say how words are cut.
TiktokenLayout tiktoken_layout(const TiktokenFile& file, const TokenizerNotes& notes);

// Throws TokenizerError.
TokenizerSpec tiktoken_tokenizer(const TiktokenFile& file, const TiktokenLayout& layout);

}  // namespace kelvin
