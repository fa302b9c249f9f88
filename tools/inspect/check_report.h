// How a model compares with a dump of another implementation: for people, or as JSON lines.
#pragma once

#include <string>

#include "tools/inspect/golden_check.h"

namespace kelvin {

// A sequence: what was compared and the largest errors, the positions that differ, the first layer that
// does.
std::string check_text(const SequenceCheck& check);

// One JSON line a position and one for the sequence.
std::string check_json(const SequenceCheck& check);

}  // namespace kelvin
