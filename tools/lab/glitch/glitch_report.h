// How kelvin-glitch answers: a table, and JSON lines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tools/lab/glitch/glitch_score.h"
#include "tools/lab/glitch/glitch_work.h"
#include "tools/lab/glitch/magikarp.h"

namespace kelvin {

struct GlitchReport {
  GlitchScan scan;
  std::size_t top;  // how many tokens are shown
  GlitchEvidence evidence;
  std::vector<TailFacts> contexts;  // (vocabulary,) or empty
  std::vector<int> special = {};    // ids that are no text, ascending
  bool hide_special = false;
  std::uint64_t seed = 0;                         // of controls and examples
  std::vector<MagikarpIndicators> magikarp = {};  // (rows,), or empty

  bool is_special(int id) const { return std::binary_search(special.begin(), special.end(), id); }
  // nullptr where there are none.
  const TailFacts* facts(int id) const {
    return contexts.empty() ? nullptr : &contexts[static_cast<std::size_t>(id)];
  }
  const CopyAnswer* copy(int id) const {
    const auto found = evidence.copies.find(id);
    return found == evidence.copies.end() ? nullptr : &found->second;
  }
};

// The first tokens of the scan, without special ones where those are hidden; none where nothing tells them apart.
std::vector<const TokenIndicators*> shown_tokens(const GlitchReport& report);

// What was scanned, what the reference is and how tight, and what the indicators can tell.
std::string glitch_summary(const GlitchReport& report, const Tokenizer& tokenizer);

struct CopyCounts {
  std::size_t suspects = 0, copied = 0, controls = 0, controls_copied = 0;
  double p = 1;  // copied_less_p
};
CopyCounts copy_counts(const GlitchReport& report);

// A token at the very end of distributions, where T -> -0 draws. It is a piece that never stands alone, and not untrained,
// if its row is not where the untrained ones are.
struct LastToken {
  const TokenIndicators* token;
  double last_share;
  bool untrained;
};
std::vector<LastToken> last_tokens(const GlitchReport& report);  // the most frequent first
// The share of the tail's places that rows like the reference hold; NaN without contexts or reference.
double untrained_share_of_tail(const GlitchReport& report);

// Of the score with magikarp's main indicator (cosine_without_first_pc): Spearman's correlation, and how many of the first 2 %
// are the same, which is what magikarp goes on to verify.
struct MagikarpAgreement {
  double correlation, same_candidates;
  std::size_t candidates;
};
MagikarpAgreement magikarp_agreement(const GlitchReport& report);

// Special tokens that differ in a number alone stand in one line.
std::string glitch_table(const GlitchReport& report, const Tokenizer& tokenizer);
// One line per token shown; the last one has the member "scan".
std::string glitch_json(const GlitchReport& report, const Tokenizer& tokenizer);

}  // namespace kelvin
