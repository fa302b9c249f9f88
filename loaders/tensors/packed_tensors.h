// Packed matrices in a safetensors file, as kelvin-quantize writes them. Each is a tensor of dtype U8 and of
// one dimension that holds what kernels/quantized.h describes; `__metadata__` says what it is:
//   "kelvin.packed": "1"                           the version of that layout
//   "kelvin.panel_rows": "16", ...                 its sizes, as quantized.h has them
//   "<name of a tensor>": "q4 2048+512+512 x 2048" format, rows of the parts packed one after the other,
//                                                  columns
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "loaders/json/json.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// Turns the tensors that `metadata` calls packed into matrices. Does nothing where it has no "kelvin.packed".
// Throws LoadError on another version or other sizes of groups, and where a description does not fit its
// tensor.
void read_packed(JsonValue metadata, std::vector<StoredTensor>& tensors, const std::string& name);

// The bytes of one part. Throws LoadError where the tensor was not packed in such parts.
std::span<const std::byte> packed_rows(const TensorFiles::Tensor& tensor, int first_row, int rows);

// The members of `__metadata__` for packed tensors: those of the layout, and one tensor's value.
std::vector<std::pair<std::string, std::string>> packed_layout();
std::string packed_text(const PackedParts& parts, int cols);

}  // namespace kelvin
