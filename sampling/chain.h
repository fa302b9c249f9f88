// A chain: the stages between raw logits and the drawn token, in the user's order.
//   "penalty=1.1,top-k=40,temp=0.8,min-p=0.05"      stages separated by commas, applied from left to right
//   "xtc=0.5:threshold=0.2"                          further parameters behind colons, by name or in the
//   registry's order "temp-schedule='step % 8 == 0 ? -1 : 0.8'"       quotes where a text holds commas
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/noise.h"
#include "sampling/registry.h"
#include "sampling/stage.h"
#include "sampling/trace.h"

namespace kelvin {

// NaN or +infinity among the logits that a model gave; what() names the position, the first such token and
// how many there are.
struct NonFiniteLogits : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class NonFinite { error, mask };

// What a chain remembers of one sequence. A copy taken before a token is accepted restores that moment (undo,
// regenerate).
class ChainState {
 public:
  // The numbers stages keep, one vector per stage: what a saved session has to hold.
  std::vector<std::vector<double>> values() const;
  void set_values(const std::vector<std::vector<double>>& values);

 private:
  friend class Chain;
  // What the stages knew before the token at `position` was accepted. Kept where a stage may take tokens
  // back, in a ring by position that is allocated once.
  struct Past {
    std::size_t position = std::numeric_limits<std::size_t>::max();
    std::vector<double> values;       // of all stages
    std::vector<std::size_t> counts;  // how many of them belong to each
  };
  std::vector<Memory> memory_;  // one per stage
  std::vector<Past> past_;      // empty or a whole ring
  Scratch scratch_;
};

class Chain {
 public:
  struct Link {
    StageType type;
    Params params;
    std::string text;  // as in chain text: "min-p=0.05"
    std::string
        origin;  // where the value came from: "--min-p", "generation_config.json", "default"; may be empty
  };

  Chain() = default;  // no stage: beta = 1

  // Throws UserError, naming the stage or parameter, what was expected and the closest known
  // name.
  static Chain parse(std::string_view text, const Vocabulary& vocabulary = {});

  // Appends one stage: "min-p=0.05". `origin` is what describe() says of where it came from.
  void add(std::string_view text, const Vocabulary& vocabulary = {}, std::string_view origin = {});

  // Edits the raw logits, shape (vocabulary,), of one step. Where a ban (a constraint, or no-repeat) finds only tokens that
  // it bans, because stages before it removed the others, all bans of the chain act on the raw logits first, and then the
  // chain runs again: what is banned is never drawn. Of another stage that removes the last token, the best token before
  // it stays. Throws NonFiniteLogits (unless they are masked), and std::runtime_error if no token is possible at all or
  // all are banned.
  void apply(std::span<float> logits, const Step& step, ChainState& state, Trace* trace = nullptr) const;

  // apply, then the draw (noise.h). The token is not yet accepted.
  int sample(std::span<float> logits, const Step& step, ChainState& state, Trace* trace = nullptr) const;

  // Tells feedback stages that `token` was taken at `step`, the step of the last apply. Returns how many of
  // the last tokens, `token` included, have to be taken back (string-ban found its text); 0 in all other
  // cases.
  int accept(int token, const Step& step, ChainState& state) const;

  // How many of step.tokens' last tokens a later accept may still take back; show no text of these yet.
  int unsettled(const Step& step) const;

  // The same chain with its last temperature stage replaced by temp=`temperature`; without one, temp is put
  // before the feedback stage or at the end.
  Chain at_temperature(double temperature) const;

  const std::vector<Link>& links() const { return links_; }
  std::string text() const;      // parse(text()) is this chain
  std::string describe() const;  // one line per stage: its values and where they came from

  void set_non_finite(NonFinite rule) { non_finite_ = rule; }
  NonFinite non_finite() const { return non_finite_; }
  // Logits from this id on are padding of the model's head, never drawn; 0: there is none.
  void set_real_tokens(std::size_t n_tokens) { real_tokens_ = n_tokens; }
  std::size_t real_tokens() const { return real_tokens_; }

 private:
  void check(std::span<float> logits, const Step& step) const;
  // All stages in their order; false where a ban left nothing and they have to start again, which `may_start_again` allows.
  bool run(std::span<float> logits, const Step& step, ChainState& state, Trace* trace,
           bool may_start_again) const;
  void ban_first(std::span<float> logits, const Step& step, ChainState& state, Trace* trace) const;
  bool may_take_back() const;
  void remember(std::size_t position, ChainState& state) const;
  void restore(std::size_t position, ChainState& state) const;
  std::vector<Link> links_;
  NonFinite non_finite_ = NonFinite::error;
  std::size_t real_tokens_ = 0;
  bool keeps_raw_ = false;  // a ban stands behind a stage that may leave it nothing
};

}  // namespace kelvin
