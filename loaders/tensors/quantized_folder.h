// The tensors of a quantised folder as the matrices they stand for: "X.qweight", "X.scales", ... become "X.weight".
// Formats: AutoAWQ's GEMM, GPTQ's, compressed-tensors' pack-, int- and float-quantized, FP8 as DeepSeek and Qwen ship
// it, MXFP4 as gpt-oss does: "X_blocks" (experts, rows, groups, 16) and "X_scales" become "X" (experts, rows, cols).
#pragma once

#include "loaders/tensors/quantization_scheme.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// `files` with codes and scales replaced by matrices; what is stored plainly stays. Scales of activations and of caches
// of keys and values are left out: neither is quantised here. Throws LoadError where a part is missing or of another
// shape or dtype than the scheme asks for, and where an index of a group is beyond them.
TensorFiles without_codes(const TensorFiles& files, const QuantizationScheme& scheme);

// The first tensor that holds codes of a quantised matrix; nullptr if there is none. For folders that do not say so.
const TensorFiles::Tensor* first_codes(const TensorFiles& files);

}  // namespace kelvin
