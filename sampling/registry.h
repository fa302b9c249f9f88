// The table of all samplers: parsing, ranges, defaults, help and documentation come from its rows. The rows
// stand in the default order, in which plain flags are applied. Anyone may add rows at run time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sampling/stage_type.h"

namespace kelvin {

// All rows, in the default order. References stay valid until the next register_stage.
const std::vector<StageType>& stage_types();

// By name or alias; nullptr if there is none.
const StageType* find_stage(std::string_view name);

// Adds a row before the temperatures, or replaces the row of that name. Not safe while another thread
// samples. Throws std::invalid_argument if the name is not made of a-z, 0-9 and '-', or if `apply` is empty.
void register_stage(StageType type);

std::string stage_markdown();  // the table of the documentation

}  // namespace kelvin
