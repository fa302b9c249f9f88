// What a model thought at each position of a text: for people, or as JSON lines.
#pragma once

#include <iosfwd>
#include <optional>
#include <ostream>
#include <span>
#include <string>

#include "sampling/statistics/token_view.h"
#include "tokenizer/tokenizer.h"
#include "tools/inspect/logit_lens.h"
#include "tools/output/provenance.h"

namespace kelvin {

class LogitsReport {
 public:
  struct Format {
    bool json = false;
    int top = 5, bottom = 5;  // how many of the most and least likely next tokens
  };
  LogitsReport(std::ostream& out, const Tokenizer& tokenizer, Format format);

  // One position: its token (with its chance given those before it, known from the second position on) and
  // the logits after it, shape (vocabulary,). `next` is the token that follows, if any. Throws
  // std::runtime_error on NaN, naming the position. lens: (layers + 1, vocabulary), see logit_lens.h, or
  // empty.
  void add(int position, int id, std::span<const float> logits, std::optional<int> next,
           std::span<const float> lens = {});
  // The last lines: how many there were, the hash of all of them, and where they come from.
  void finish(int positions, int vocabulary, const std::string& sha256, const Provenance& provenance);

 private:
  void add_text(int position, int id, const DistributionView& view, std::span<const LensStage> lens);
  void add_json(int position, int id, const DistributionView& view, std::span<const LensStage> lens);

  std::ostream& out_;
  const Tokenizer& tokenizer_;
  Format format_;
  std::optional<TokenRank> chance_;  // of the token at the next position
};

}  // namespace kelvin
