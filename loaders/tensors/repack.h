// GGUF's quantised numbers in the packed layouts they are multiplied in (engine/kernels/sub_blocks.h). The numbers
// stay what they are; scales and codes move.
#pragma once

#include <cstddef>
#include <optional>

#include "engine/weights/storage.h"
#include "loaders/tensors/stored_tensor.h"

namespace kelvin {

// The layout that holds the numbers of a quantised format of GGUF; none for other formats.
std::optional<Storage> own_storage(Dtype dtype);

// One panel: `rows` <= 16 rows of `cols` numbers, whole blocks, one after the other at any alignment.
void repack_panel(Dtype dtype, const std::byte* from, int rows, int cols,
                  std::byte* panel);  // (packed_panel_bytes(own_storage(dtype), cols),)

}  // namespace kelvin
