// A byte-pair-encoding vocabulary: words to token ids.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/byte_vocabulary.h"
#include "tokenizer/models/merge_table.h"
#include "tokenizer/models/model_spec.h"
#include "tokenizer/pipeline/pretokenize.h"

namespace kelvin::tokenizer {

class BpeModel {
 public:
  // `raw_bytes`: words come as the bytes themselves, and the vocabulary spells them as byte_level.h does.
  // `vocabulary` must outlive the model.
  BpeModel(const TokenTable& vocabulary, BpeSpec spec, bool raw_bytes);

  // True if such a model can take words as raw bytes: nothing has to be spelled that is not a byte.
  static bool takes_raw_bytes(const TokenTable& vocabulary, const BpeSpec& spec);

  // Appends the ids of every piece. Throws TokenizerError if the unknown token is needed and not
  // there.
  void encode(const PieceList& list, std::vector<int>& ids) const;

 private:
  int find(std::string_view word, std::uint64_t hash) const {
    return raw_ ? raw_->find(word, hash) : vocabulary_->find(word, hash);
  }
  void encode_plain(std::string_view word, std::vector<int>& ids, std::vector<int>& symbols) const;
  void spell(std::string_view word, std::vector<int>& symbols) const;
  void spell_chars(std::string_view word, std::vector<int>& symbols) const;
  std::string_view spelled(std::string_view word, std::size_t begin, std::size_t end,
                           std::string& buffer) const;
  bool is_set_whole(std::string_view word) const;  // by BpeSpec::whole
  bool is_whole(std::string_view word, int id, std::vector<int>& symbols) const;
  void find_joints();
  std::size_t joint(char32_t left, char32_t right) const;

  const TokenTable* vocabulary_;
  std::optional<ByteVocabulary> raw_;  // where words come as bytes
  BpeSpec spec_;
  MergeTable merges_;
  int unk_id_ = -1;
  std::array<int, 256> byte_ids_;  // raw: of each byte's token; else of <0xNN>; -1: none
  std::array<int, 128> ascii_ids_;
  bool all_bytes_ = false;  // every byte has a token
  // Whether a token's own text merges to that token: 0 not known yet, 1 yes, 2 no.
  mutable std::unique_ptr<std::atomic<std::uint8_t>[]> whole_;
  // Pairs of characters that some merge has at its joint, by hash: between others a word may be cut.
  std::vector<bool> joints_;
};

}  // namespace kelvin::tokenizer
