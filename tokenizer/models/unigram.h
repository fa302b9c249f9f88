// A unigram language model over pieces (Kudo 2018, arXiv 1804.10959): text to the likeliest sequence of
// tokens.
#pragma once

#include <string_view>
#include <vector>

#include "tokenizer/models/model_spec.h"
#include "tokenizer/models/vocabulary.h"
#include "tokenizer/pipeline/pretokenize.h"

namespace kelvin::tokenizer {

class UnigramModel {
 public:
  // `vocabulary` must outlive the model. Throws TokenizerError if scores and vocabulary do not fit
  // together.
  UnigramModel(const TokenTable& vocabulary, UnigramSpec spec);

  // Appends the ids of every piece. Throws TokenizerError if an unknown token is needed and there is
  // none.
  void encode(const PieceList& list, std::vector<int>& ids) const;

 private:
  struct Step {
    double score = 0.0;
    std::size_t begin = 0;  // of the token that ends here
    int id = -1;            // -1: nothing ends here
  };
  void encode_piece(std::string_view text, std::vector<Step>& best, std::vector<int>& ids) const;
  void put_unknown(std::string_view token, std::vector<int>& ids) const;
  template <class Visit>
  void each_prefix(std::string_view text, Visit visit) const;

  const TokenTable* vocabulary_;
  UnigramSpec spec_;
  double unk_score_;
  std::vector<int> sorted_;            // ids by token
  std::vector<std::size_t> by_first_;  // (257,): where the tokens with a first byte begin in sorted_
};

}  // namespace kelvin::tokenizer
