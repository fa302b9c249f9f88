// Writes a model's weights packed, as packed_tensors.h describes: what kelvin-quantize puts into
// model.safetensors.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "engine/weights/aligned_buffer.h"
#include "loaders/model/checkpoint.h"

namespace kelvin {

struct PackedSizes {
  std::size_t weights = 0;  // numbers in packed matrices
  std::size_t bytes = 0;    // that they take
  std::size_t file_bytes = 0;
};

// Packs the matrices as options.storage says, which must be there, and hands the file to `write` piece by
// piece, no more of it in memory than a few million weights. Norms and biases stay as they are. Throws
// LoadError as load_weights does, also where the files are packed already; what `write` throws passes
// through.
// `packed`: empty, or for each of matrices_of(weights) that matrix packed already (as with error feedback),
// or nothing, and it is packed here. Throws std::invalid_argument where one has another size.
PackedSizes write_packed(const TensorFiles& files, const ModelConfig& config, const LoadOptions& options,
                         const std::function<void(std::span<const std::byte>)>& write,
                         std::span<const AlignedBuffer> packed = {});

}  // namespace kelvin
