// What a folder says about its tokenizer beside the vocabulary: tokenizer_config.json and added_tokens.json,
// as far as it is needed where there is no tokenizer.json.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/spec.h"

namespace kelvin {

struct TokenizerNotes {
  std::string name;             // of the file, for errors
  std::string tokenizer_class;  // empty: not said
  std::optional<std::string> bos_token, eos_token, pat_str;
  std::optional<bool> add_bos_token, add_eos_token, add_prefix_space, legacy;
  std::vector<AddedToken> added_tokens;  // by id, looked for in raw text
};

// Files that are absent say nothing. Throws LoadError.
TokenizerNotes read_tokenizer_notes(const std::filesystem::path& folder);

// Adds the tokens to those of `spec`; one that is there already takes the new one's flags. Throws LoadError
// where content and id contradict the vocabulary.
void add_noted_tokens(const TokenizerNotes& notes, TokenizerSpec& spec);

// The id of an added token or piece with this content, -1 if there is none.
int id_of(const TokenizerSpec& spec, std::string_view content);

}  // namespace kelvin
