// All tensors of a model: of model.safetensors, of the shards its index names, or out of GGUF files; under
// the names of Hugging Face checkpoints.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/files/mapped_file.h"
#include "loaders/tensors/safetensors.h"

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
    std::shared_ptr<const void> memory;  // what `stored` views: the file, or numbers rearranged from it
  };
  // The tensors of another format. `settings` says in errors where their shapes are expected from, and
  // `name_in_file` what such a file calls a tensor (empty: the same). Throws LoadError if two have one name.
  TensorFiles(std::filesystem::path source, std::string settings, std::vector<Tensor> tensors,
              std::function<std::string(std::string_view)> name_in_file);

  // The same files with these tensors instead.
  TensorFiles with(std::vector<Tensor> tensors) const;

  // model.safetensors, its index or the GGUF file.
  const std::filesystem::path& source() const { return source_; }
  const std::string& settings() const { return settings_; }  // "config.json"
  std::string name_in_file(std::string_view name) const;
  const std::vector<Tensor>& tensors() const { return tensors_; }  // by name, ascending
  const Tensor* find(std::string_view name) const;                 // nullptr if absent

 private:
  void add(std::shared_ptr<const MappedFile> file);
  void sort();

  std::filesystem::path source_;
  std::string settings_ = "config.json";
  std::function<std::string(std::string_view)> name_in_file_;
  std::vector<Tensor> tensors_;
};

}  // namespace kelvin
