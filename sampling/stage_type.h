// A row of the registry: what a sampler is called, takes and does.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sampling/stage.h"

namespace kelvin {

enum class Kind {
  constraint,   // which tokens are allowed at all
  history,      // repetition
  shaping,      // moves logits, removes none
  truncation,   // removes the tail (or, for XTC, the head)
  temperature,  // scales
  feedback      // keeps a memory of what was drawn
};

struct Parameter {
  std::string name;
  double default_value = 0;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::string help;
  bool integer = false;
  bool is_text = false;  // then default_text, and `choices` unless any text will do
  std::string default_text = {};
  std::vector<std::string> choices = {};
};

struct StageType {
  std::string name;  // "min-p"; also the plain flag --min-p
  Kind kind = Kind::shaping;
  StageFunction apply;
  std::vector<Parameter> parameters = {};  // the first is what stands behind "name="
  std::string help = {};                   // one line
  std::string source = {};                 // paper
  std::string below_zero = {};             // meaning at beta < 0; empty: that of its kind
  std::vector<std::string> aliases = {};
  bool once = false;      // twice in a chain makes no sense
  bool last = false;      // only the draw may follow
  bool may_empty = true;  // might remove every token; Chain::apply says what happens then
  bool yields = false;  // a ban that is let go at a step where no other token of the vocabulary may be drawn
  PrepareFunction prepare = {};
  AcceptFunction accept = {};
  UnsettledFunction unsettled = {};  // only with an `accept` that takes tokens back
};

}  // namespace kelvin
