// The table of all samplers: parsing, ranges, defaults, help and documentation come from its rows. The rows
// stand in the default order, in which plain flags are applied. Anyone may add rows at run time.
#pragma once

#include <limits>
#include <string>
#include <string_view>
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
  double standard = 0;  // default
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  std::string help;
  bool whole = false;    // integers only
  bool is_text = false;  // then standard_text, and `choices` unless any text will do
  std::string standard_text = {};
  std::vector<std::string> choices = {};
};

struct StageType {
  std::string name;  // "min-p"; also the plain flag --min-p
  Kind kind;
  StageFunction apply;
  std::vector<Parameter> parameters = {};  // the first is what stands behind "name="
  std::string help = {};                   // one line
  std::string source = {};                 // paper
  std::string below_zero = {};             // meaning at beta < 0; empty: that of its kind
  std::vector<std::string> aliases = {};
  bool once = false;      // twice in a chain makes no sense
  bool last = false;      // only the draw may follow
  bool may_empty = true;  // might remove every token; the chain then puts the best one back
  PrepareFunction prepare = {};
  AcceptFunction accept = {};
  UnsettledFunction unsettled = {};  // only with an `accept` that takes tokens back
};

// All rows, in the default order. References stay valid until the next register_stage.
const std::vector<StageType>& stage_types();

// By name or alias; nullptr if there is none.
const StageType* find_stage(std::string_view name);

// Adds a row before the temperatures, or replaces the row of that name. Not safe while another thread
// samples. Throws std::invalid_argument if the name is not made of a-z, 0-9 and '-', or if `apply` is empty.
void register_stage(StageType type);

// The word of `known` closest to `word`, or empty if none is close.
std::string closest(std::string_view word, const std::vector<std::string>& known);

std::string stage_help();      // the text of --help: one line per stage, one per parameter
std::string stage_markdown();  // the table of the documentation

}  // namespace kelvin
