// A model in one GGUF file, or in the parts of one that was split (NAME-00001-of-00003.gguf).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "loaders/files/mapped_file.h"
#include "loaders/gguf/gguf_family.h"
#include "loaders/gguf/gguf_file.h"
#include "loaders/tensors/tensor_files.h"

namespace kelvin {

// The GGUF file that `model` names: itself if it is a file, or the only one (the first part) of a folder
// without config.json. Absent for other folders. Throws LoadError if there are several.
std::optional<std::filesystem::path> find_gguf(const std::filesystem::path& model);

class GgufModel {
 public:
  // Maps the file and all its parts and checks every header. Throws LoadError.
  explicit GgufModel(const std::filesystem::path& path);

  const GgufFile& main() const { return *parts_.front().header; }  // holds the metadata
  GgufKeys keys() const;                                           // valid as long as this
  // The tensors under the names, in the shapes and the order of rows of a Hugging Face folder.
  TensorFiles tensors() const;

 private:
  struct Part {
    std::shared_ptr<const MappedFile> file;
    std::unique_ptr<const GgufFile> header;
  };
  void add_parts();

  std::filesystem::path path_;
  std::vector<Part> parts_;
};

}  // namespace kelvin
