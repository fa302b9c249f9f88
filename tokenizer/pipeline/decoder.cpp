#include "tokenizer/pipeline/decoder.h"

#include <utility>

#include "tokenizer/pipeline/length_limit.h"

namespace kelvin::tokenizer {

DecodeChain::DecodeChain(const std::vector<DecoderSpec>& specs) {
  bool fused = false;
  for (const DecoderSpec& spec : specs) {
    stages_.push_back(make_decode_stage(spec, fused));
    fused =
        fused || std::holds_alternative<FusePieces>(spec) || std::holds_alternative<ByteLevelPieces>(spec);
  }
  if (specs.empty()) stages_.push_back(make_join_stage());
}

std::string DecodeChain::through(std::vector<std::string> pieces, std::size_t from, bool finishing) {
  std::vector<std::string> next;
  for (std::size_t i = from; i < stages_.size(); ++i) {
    next.clear();
    for (const std::string& piece : pieces) stages_[i]->push(piece, next);
    if (finishing) stages_[i]->finish(next);
    pieces.swap(next);
    std::size_t size = given_;
    for (const std::string& piece : pieces) size += piece.size();
    check_length(size, max_length_from(taken_), "decoder");
  }
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  given_ += text.size();
  return text;
}

std::string DecodeChain::push(std::string_view piece) {
  taken_ += piece.size() + 1;  // what joins them
  return through({std::string(piece)}, 0, false);
}

std::string DecodeChain::finish() {
  std::string text = through({}, 0, true);
  taken_ = given_ = 0;
  return text;
}

}  // namespace kelvin::tokenizer
