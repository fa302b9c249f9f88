// SentencePiece's normalizer (Kudo and Richardson 2018, arXiv 1808.06226): the compiled map by longest match,
// then blanks.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/pipeline/charsmap.h"
#include "tokenizer/pipeline/literal_trie.h"
#include "tokenizer/pipeline/pipeline_spec.h"

namespace kelvin::tokenizer {

class SentencePieceNormalizer {
 public:
  explicit SentencePieceNormalizer(const SentencePieceText& spec);  // throws TokenizerError

  // `text` is well-formed. `at_origin`: it begins where the whole input begins. Stops where the result is
  // longer than `most`.
  std::string run(std::string_view text, bool at_origin, std::size_t max = std::string::npos) const;

 private:
  struct Part {
    std::string_view text;  // what becomes of
    std::size_t length;     // so many bytes of input
  };
  Part front(std::string_view text) const;

  SentencePieceText spec_;
  CharsMap map_;
  LiteralTrie literals_;
  std::string_view blank_;  // as the output has it
};

}  // namespace kelvin::tokenizer
