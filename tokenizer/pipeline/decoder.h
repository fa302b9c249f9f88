// From pieces back to text: the decoders of a tokenizer as a chain that pieces stream through.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/pipeline/pipeline_spec.h"

namespace kelvin::tokenizer {

// One decoder. It passes on what no later piece can change and holds back the rest.
class DecodeStage {
 public:
  virtual ~DecodeStage() = default;
  virtual void push(std::string_view piece, std::vector<std::string>& out) = 0;
  virtual void finish(std::vector<std::string>& out) = 0;  // the stage is then as new
};

class DecodeChain {
 public:
  // No decoders: the pieces are joined by spaces. Throws RegexError.
  explicit DecodeChain(const std::vector<DecoderSpec>& specs);

  // Both throw TokenizerError where the text becomes too long for its pieces (length_limit.h).
  std::string push(std::string_view piece);  // text that is certain now
  std::string finish();                      // the rest; the chain is then as new

 private:
  std::string through(std::vector<std::string> pieces, std::size_t from, bool finishing);

  std::vector<std::unique_ptr<DecodeStage>> stages_;
  std::size_t taken_ = 0, given_ = 0;  // bytes, since the chain was new
};

// The stage of a decoder. `fused`: all pieces that come are parts of one. Throws RegexError.
std::unique_ptr<DecodeStage> make_decode_stage(const DecoderSpec& spec, bool fused);

// The stage of no decoder at all: a space between pieces.
std::unique_ptr<DecodeStage> make_join_stage();

}  // namespace kelvin::tokenizer
