#include "loaders/tensors/tensor_files.h"

#include <algorithm>

#include "loaders/files/load_error.h"
#include "loaders/json/json_file.h"
#include "loaders/tensors/weight_index.h"

namespace kelvin {
namespace {

// True also for a link that leads nowhere: opening it then says so.
bool stands(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
}

std::shared_ptr<const MappedFile> open_shard(const std::filesystem::path& path) {
  try {
    return MappedFile::open(path);
  } catch (const LoadError& error) {
    throw LoadError(std::string(error.what()) + " (named in model.safetensors.index.json)");
  }
}

}  // namespace

TensorFiles::TensorFiles(const std::filesystem::path& folder) {
  source_ = folder / "model.safetensors";
  if (stands(source_)) {
    add(MappedFile::open(source_));
    sort();
    return;
  }
  source_ = folder / "model.safetensors.index.json";
  if (!stands(source_))
    throw LoadError(path_text(folder),
                    "model.safetensors or model.safetensors.index.json expected, neither found");
  const WeightIndex index = weight_index(load_json(source_));
  std::vector<std::shared_ptr<const MappedFile>> shards;
  for (const std::string& name : index.shards) {
    shards.push_back(open_shard(folder / name));
    add(shards.back());
  }
  sort();
  for (const WeightIndex::Entry& entry : index.entries) {
    const Tensor* const tensor = find(entry.tensor);
    if (!tensor || tensor->file != shards[entry.shard])
      throw LoadError(path_text(source_), "weight_map: tensor " + in_quotes(entry.tensor) + " expected in " +
                                              in_quotes(index.shards[entry.shard]) + ", none found there");
  }
}

TensorFiles::TensorFiles(std::filesystem::path source, std::string settings, std::vector<Tensor> tensors,
                         std::function<std::string(std::string_view)> name_in_file)
    : source_(std::move(source)),
      settings_(std::move(settings)),
      name_in_file_(std::move(name_in_file)),
      tensors_(std::move(tensors)) {
  sort();
}

TensorFiles TensorFiles::with(std::vector<Tensor> tensors) const {
  return TensorFiles(source_, settings_, std::move(tensors), name_in_file_);
}

std::string TensorFiles::name_in_file(std::string_view name) const {
  std::string own = name_in_file_ ? name_in_file_(name) : std::string();
  return own.empty() ? std::string(name) : own;
}

void TensorFiles::add(std::shared_ptr<const MappedFile> file) {
  for (StoredTensor& tensor : parse_safetensors(file->bytes(), path_text(file->path())))
    tensors_.push_back({std::move(tensor), file, file});
}

void TensorFiles::sort() {
  std::sort(tensors_.begin(), tensors_.end(),
            [](const Tensor& a, const Tensor& b) { return a.stored.name < b.stored.name; });
  const auto twice =
      std::adjacent_find(tensors_.begin(), tensors_.end(),
                         [](const Tensor& a, const Tensor& b) { return a.stored.name == b.stored.name; });
  if (twice != tensors_.end())
    throw LoadError(path_text(twice->file->path()), "tensor " + in_quotes(name_in_file(twice->stored.name)) +
                                                        " expected in one file, also in " +
                                                        path_text((twice + 1)->file->path()) + " found");
}

const TensorFiles::Tensor* TensorFiles::find(std::string_view name) const {
  const auto at = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const Tensor& tensor, std::string_view wanted) { return tensor.stored.name < wanted; });
  return at != tensors_.end() && at->stored.name == name ? &*at : nullptr;
}

}  // namespace kelvin
