// The text form of a chain and of one stage: "xtc=0.5:threshold=0.2". See chain.h for the grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sampling/registry.h"

namespace kelvin {

// "a=1,b='x,y'" -> {"a=1", "b='x,y'"}; commas within quotes and brackets do not separate. "raw" has
// no stage, as "". Throws UserError on an open quote and on an empty stage.
std::vector<std::string> split_chain(std::string_view text);

struct ParsedStage {
  const StageType* type;
  Params params;  // complete, not yet prepared
};

// "name", "name=value" or "name=value:parameter=value". Throws UserError; the message names the
// stage or parameter, what was expected and the closest known name.
ParsedStage parse_stage(std::string_view text);

// A strict number: "0.8", "-0", "1e5", "inf", "-inf". Throws UserError, naming `what`.
double parse_number(std::string_view text, std::string_view what);

// The shortest text that parse_number reads as the same number.
std::string number_text(double number);

// "xtc=0.5:threshold=0.2": the first parameter and those that differ from their defaults.
std::string stage_text(const StageType& type, const Params& params);

}  // namespace kelvin
