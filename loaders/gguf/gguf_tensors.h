// GGUF's tensors as a Hugging Face folder has them: names, experts in a tensor each, rows of q and k in the
// order of halves, norms without the 1 that is added while computing, weights that have a scale beside them (NVFP4)
// multiplied by it, in float32.
#pragma once

#include <memory>
#include <vector>

#include "loaders/files/mapped_file.h"
#include "loaders/gguf/gguf_family.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// Appends to `into`. `part` is the header of `file` (null where it is in memory); `keys` those of the model.
// Numbers that stay as they are stay in the file. Throws LoadError that names the tensor.
void add_gguf_tensors(const GgufFile& part, const std::shared_ptr<const MappedFile>& file,
                      const GgufKeys& keys, const GgufFamily& family, std::vector<TensorFiles::Tensor>& into);

}  // namespace kelvin
