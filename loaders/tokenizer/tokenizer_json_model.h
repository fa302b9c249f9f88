// The value of "model" in a tokenizer.json. Vocabulary and merges, nearly all of the file, are taken while
// the file is parsed: text, parsed document and tables are never in memory together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/json/json.h"
#include "tokenizer/spec.h"

namespace kelvin {

class TokenizerModelReader {
 public:
  // `name` begins the errors.
  explicit TokenizerModelReader(std::string name);

  // What parse_json() is to hand over; the reader must stay where it is meanwhile.
  std::vector<JsonStream> streams();

  // Fills vocabulary and model of `spec`. `model`: the value in the document that was parsed so. Throws
  // LoadError, as parsing does.
  void finish(JsonValue model, TokenizerSpec& spec);

 private:
  // A merge on its way from text to ids.
  struct PendingMerge {
    std::size_t index = 0;      // in the file
    std::string text;           // both halves, one behind the other
    std::size_t left_size = 0;  // bytes
    int merged = -1;
    std::uint64_t left_hash = 0, right_hash = 0, merged_hash = 0;
  };

  bool begin_vocabulary(JsonValue model);
  bool begin_merges(JsonValue model, JsonValue merges);
  void add_token(std::string_view token, JsonValue id);
  void add_scored_token(JsonValue entry);
  void add_merge(JsonValue merge);
  void index();
  void resolve();
  std::string merged_text(const PendingMerge& merge) const;
  [[noreturn]] void refuse(const PendingMerge& merge, std::string_view problem) const;
  BpeSpec bpe(JsonValue model);
  UnigramSpec unigram(JsonValue model);

  std::string name_;
  TokenTable vocabulary_;
  std::vector<double> scores_;
  std::vector<BpeMerge> merges_;
  std::size_t prefix_ = 0;             // bytes of continuing_subword_prefix
  std::vector<PendingMerge> pending_;  // some at a time, so that memory is on its way
  std::size_t n_pending_ = 0, n_seen_ = 0;
  int last_merged_ = -1;  // merges nearly always come in the order of their results
  bool has_vocabulary_ = false, has_merges_ = false;
};

}  // namespace kelvin
