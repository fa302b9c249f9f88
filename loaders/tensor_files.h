// All tensors of a model folder: of model.safetensors, or of the shards its index names.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "loaders/mapped_file.h"
#include "loaders/safetensors.h"

namespace kelvin {

class TensorFiles {
 public:
  // Maps the files and checks every header. A single file wins over an index beside it, as in transformers.
  // Throws LoadError if there is neither, if two files hold a tensor of one name, or if one does not hold
  // what the index says.
  explicit TensorFiles(const std::filesystem::path& folder);

  struct Tensor {
    StoredTensor stored;
    std::shared_ptr<const MappedFile> file;
  };

  // model.safetensors or its index.
  const std::filesystem::path& source() const { return source_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // by name, ascending
  const Tensor* find(std::string_view name) const;                 // nullptr if absent

 private:
  void add(std::shared_ptr<const MappedFile> file);
  void sort();

  std::filesystem::path source_;
  std::vector<Tensor> tensors_;
};

}  // namespace kelvin
