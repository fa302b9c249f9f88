// The matrix that makes keys and values of the latent vectors, which later GGUF files hold in two: of keys,
// transposed so that queries can be multiplied by it, and of values.
#pragma once

#include <string>
#include <vector>

#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// Puts the rows of each "blk.<i>.attn_k_b.weight" and "attn_v_b.weight" together as kv_b_proj: those of keys,
// then those of values, head by head. Numbers of 16 bits stay such if both are of one kind, others become
// float32. What has no counterpart stays. Throws LoadError that names the tensor; `path` is the file's.
void join_latent_tensors(std::vector<TensorFiles::Tensor>& tensors, const std::string& path);

}  // namespace kelvin
