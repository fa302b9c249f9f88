// What a sampler is: a function that edits the logits of one step in place. A removed token is `impossible`
// (-infinity), and stays so at every temperature. One sampler is one small file and one row of the registry
// (registry.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/scratch.h"
#include "sampling/statistics/logit_scan.h"
#include "sampling/vocabulary.h"

namespace kelvin {

// The parameters of one stage of a chain, complete with defaults.
class Params {
 public:
  // Throws std::out_of_range if the stage has no such parameter.
  double operator[](std::string_view name) const;
  std::string_view text(std::string_view name) const;
  void set(std::string_view name, double number, std::string_view text = {});

  // What StageType::prepare made of them (a compiled expression, a set of ids).
  template <class T>
  const T& prepared() const {
    return *static_cast<const T*>(prepared_.get());
  }
  void keep(std::shared_ptr<const void> prepared) { prepared_ = std::move(prepared); }

 private:
  struct Value {
    std::string name;
    double number;
    std::string text;
  };
  const Value& find(std::string_view name) const;
  std::vector<Value> values_;
  std::shared_ptr<const void> prepared_;
};

// What one stage remembers of one sequence.
struct Memory {
  std::vector<double> values;  // from token to token; copied with the ChainState
  // Scratch between a stage's edit and the token's acceptance.
  std::vector<float> seen;  // (vocabulary,)
  double total = 0;         // sum of exp(z - max) over it, where a stage knows it
};

// One step of one sequence, as its caller sees it.
struct Step {
  std::span<const int> tokens;  // prompt and generated ids so far, oldest first
  std::size_t n_prompt = 0;     // how many of them were given
  std::uint64_t seed = 0;       // of the noise
  std::uint64_t stream = 0;     // which of several continuations that share the seed

  std::size_t position() const { return tokens.size(); }  // of the token to be drawn
  std::size_t generated() const { return tokens.size() - n_prompt; }
};

// The step as a stage sees it: with what the chain keeps for it.
struct StageContext : Step {
  Memory* memory = nullptr;    // of this stage in this sequence
  Scratch* scratch = nullptr;  // of the chain, within the step
};

// Edits `logits`, shape (vocabulary,), in place. They hold no NaN and no +infinity, and at least one possible
// token. A function that needs no memory may take a `const Step&`.
using StageFunction =
    std::function<void(std::span<float> logits, const Params& params, const StageContext& step)>;

// Feedback: hears which token was taken after this stage's edit; writes step.memory. Returns how many of the
// last tokens, this one included, have to be taken back: 0 for all but string-ban.
using AcceptFunction = std::function<int(int token, const Params& params, const StageContext& step)>;

// How many of the last tokens a later accept may still take back: text to be held back while streaming.
using UnsettledFunction = std::function<int(const Params& params, const StageContext& step)>;

// Compiles parameters once per chain; throws UserError with a message for the user.
using PrepareFunction =
    std::function<std::shared_ptr<const void>(const Params& params, const Vocabulary& vocabulary)>;

}  // namespace kelvin
