// The samplers that Kelvin brings: the rows of the registry (registry_rows.cpp, registry_rows_of_shape.cpp), each
// naming the function of one small file.
#pragma once

#include <vector>

#include "sampling/stage_type.h"

namespace kelvin::sampling {

std::vector<StageType> built_in_samplers();

std::vector<StageType> shapings();
std::vector<StageType> truncations();

}  // namespace kelvin::sampling
