// kelvin-logits --html: a text with every token coloured, and behind each token everything about its step.
// One file below 2 MB; what does not fit is left out step by step, and the page says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tools/inspect/step_record.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct LogitsPageTitle {
  std::string model;  // folder
  std::string chain;  // text
  std::uint64_t seed = 0;
  std::size_t n_prompt = 0;    // tokens that were given
  std::size_t vocabulary = 0;  // logits of a step
};

class LogitsPage {
 public:
  static constexpr std::size_t max_bytes = 2'000'000;
  static constexpr std::size_t max_tokens = 10'000;  // coloured ones

  LogitsPage(const Tokenizer& tokenizer, LogitsPageTitle title, std::vector<int> ids);

  // Listed tokens of each end that suit a text of so many tokens.
  static int ends_for(std::size_t tokens);
  // Whether a further step can show more than its colour.
  bool has_room() const { return used_ < room_; }

  // Steps in order, the one that leads to ids[1] first. `detailed`: with all that a click shows, as far as
  // there is room.
  void add(const StepRecord& record, bool detailed);

  std::string html(const Provenance& provenance) const;

 private:
  std::string shown(int id) const;
  void name(int id);
  void add_detail(const StepRecord& record);

  const Tokenizer& tokenizer_;
  LogitsPageTitle title_;
  std::vector<int> ids_;
  std::vector<std::string> deciders_;
  std::vector<std::uint32_t>
      words_;  // per step, `fields` words; the layout is that of tokens() in the script
  std::vector<std::string> details_;  // JSON per step, "null" without
  std::set<int> named_;
  double surprise_ = 0;  // of all tokens, nats
  std::size_t judged_ = 0;
  std::size_t used_ = 0, room_;  // bytes of details
};

}  // namespace kelvin
