#include "loaders/model/lora.h"

#include <algorithm>
#include <map>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/json/json_file.h"
#include "loaders/model/hf_wrapper.h"
#include "loaders/model/lora_config.h"
#include "loaders/tensors/convert.h"
#include "loaders/tensors/tensor_piece.h"

namespace kelvin {
namespace fs = std::filesystem;

namespace {

using Tensor = TensorFiles::Tensor;
constexpr const char *config_name = "adapter_config.json", *tensors_name = "adapter_model.safetensors";

std::vector<float> numbers_of(const Tensor& tensor) {
  std::vector<float> numbers(tensor.stored.elements());
  convert(tensor.stored.dtype, tensor.stored.data.data(), numbers.size(), Storage::f32, numbers.data());
  return numbers;
}

std::vector<float> transposed(const std::vector<float>& from, std::size_t rows, std::size_t cols) {
  std::vector<float> to(from.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t k = 0; k < cols; ++k) to[k * rows + i] = from[i * cols + k];
  return to;
}

// W + scale * (B A), row by row.
class Merged : public ComputedMatrix {
 public:
  Merged(Tensor base, std::vector<float> a, std::vector<float> b, double scale)
      : base_(std::move(base)), a_(std::move(a)), b_(std::move(b)), scale_(static_cast<float>(scale)) {}

  std::size_t row_bytes() const override { return whole(base_).file_bytes() / base_.stored.shape[0]; }

  void read_rows(std::size_t first, std::size_t count, float* to) const override {
    const std::size_t cols = base_.stored.shape[1], rank = a_.size() / cols;
    if (base_.stored.computed) {
      base_.stored.computed->read_rows(first, count, to);
    } else {
      std::vector<std::byte> rows(stored_bytes(base_.stored.dtype, count * cols));
      copy_rows(base_.stored, first, count, rows.data());
      convert(base_.stored.dtype, rows.data(), count * cols, Storage::f32, to);
    }
    std::vector<float> sums(cols);
    for (std::size_t row = first; row < first + count; ++row, to += cols) {
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (std::size_t k = 0; k < rank; ++k) {
        const float b = b_[row * rank + k];
        for (std::size_t i = 0; i < cols; ++i) sums[i] += b * a_[k * cols + i];
      }
      for (std::size_t i = 0; i < cols; ++i) to[i] += scale_ * sums[i];
    }
  }

  void release() const override {
    if (base_.stored.computed)
      base_.stored.computed->release();
    else if (base_.file)
      base_.file->release(base_.stored.data);
  }

 private:
  Tensor base_;
  std::vector<float> a_, b_;  // (rank, cols), (rows, rank)
  float scale_;
};

// A name without what wrappers put before the decoder's own: "layers.0.self_attn.q_proj".
std::string bare(std::string_view name) {
  if (name.ends_with("lm_head") || name.ends_with("lm_head.weight"))
    return std::string(name.substr(name.rfind("lm_head")));
  std::string_view longest;
  for (const TextPrefix& prefix : text_prefixes())
    if (name.starts_with(prefix.decoder) && prefix.decoder.size() > longest.size()) longest = prefix.decoder;
  return std::string(name.substr(longest.size()));
}

std::string without(std::string text, std::string_view part) {
  if (const std::size_t at = text.find(part); at != text.npos) text.erase(at, part.size());
  return text;
}

class Merger {
 public:
  Merger(const TensorFiles& files, const fs::path& folder)
      : files_(files),
        path_(folder / tensors_name),
        config_(load_json(folder / config_name)),
        tensors_(files.tensors()) {
    if (!fs::exists(path_))
      throw LoadError(path_text(folder),
                      std::string(tensors_name) + " expected beside " + config_name + ", none found");
    const auto file = MappedFile::open(path_);
    for (StoredTensor& stored : parse_safetensors(file->bytes(), path_text(path_)))
      adapter_[stored.name] = {stored, file, file};
    for (std::size_t i = 0; i < tensors_.size(); ++i) places_[bare(tensors_[i].stored.name)] = i;
  }

  TensorFiles run() {
    for (const auto& [name, tensor] : adapter_)
      if (name.find(".lora_") == name.npos) replace(tensor);
    for (const auto& [name, tensor] : adapter_) merge(tensor);
    return files_.with(std::move(tensors_));
  }

 private:
  [[noreturn]] void fail(const Tensor& tensor, const std::string& problem) const {
    throw LoadError(path_text(path_), "tensor " + in_quotes(tensor.stored.name) + ": " + problem);
  }
  // The name in the model the adapter was trained on.
  std::string module_of(const Tensor& tensor, std::string_view end) const {
    constexpr std::string_view begin = "base_model.model.";
    const std::string& name = tensor.stored.name;
    if (!name.starts_with(begin)) fail(tensor, "a name that begins with base_model.model. expected");
    return name.substr(begin.size(), name.size() - begin.size() - end.size());
  }
  const Tensor& partner(const Tensor& of, const std::string& name) const {
    const auto found = adapter_.find(name);
    if (found == adapter_.end()) fail(of, in_quotes(name) + " expected beside it, none found");
    check_matrix(found->second);
    return found->second;
  }
  void check_matrix(const Tensor& tensor) const {
    if (tensor.stored.shape.size() != 2 || tensor.stored.packed || !is_weight_dtype(tensor.stored.dtype))
      fail(tensor, "a matrix in F32, F16 or BF16 expected, " + shape_text(tensor.stored.shape) + " in " +
                       std::string(dtype_name(tensor.stored.dtype)) + " found");
  }
  void replace(const Tensor& tensor);
  void merge(const Tensor& tensor);
  void merge_into(const Tensor& part, const std::string& module, std::vector<float> a, std::vector<float> b,
                  std::uint64_t rows, std::uint64_t cols, std::uint64_t rank);

  const TensorFiles& files_;
  fs::path path_;
  LoraConfig config_;
  std::map<std::string, Tensor> adapter_;
  std::vector<Tensor> tensors_;
  std::map<std::string, std::size_t> places_;  // in tensors_, by bare name
};

void Merger::replace(const Tensor& tensor) {
  const std::string name = without(module_of(tensor, ""), ".base_layer");
  const std::string here = bare(name);
  if (is_of_another_part(name)) return;
  const auto place = places_.find(here);
  Tensor replaced = tensor;
  if (place == places_.end()) {
    if (here != "lm_head.weight") fail(tensor, "no such tensor in the model: " + path_text(files_.source()));
    replaced.stored.name = here;  // where it was the embedding, too
    places_[here] = tensors_.size();
    tensors_.push_back(std::move(replaced));
    return;
  }
  Tensor& old = tensors_[place->second];
  // A head that is the embedding, too, stays what it was.
  const bool tied = here == "embed_tokens.weight" && !places_.contains("lm_head.weight") &&
                    !adapter_.contains("base_model.model.lm_head.weight");
  Tensor head = old;
  replaced.stored.name = old.stored.name;
  old = std::move(replaced);
  if (!tied) return;
  head.stored.name = "lm_head.weight";
  places_["lm_head.weight"] = tensors_.size();
  tensors_.push_back(std::move(head));
}

void Merger::merge(const Tensor& tensor) {
  constexpr std::string_view linear = ".lora_A.weight", embedding = ".lora_embedding_A";
  const std::string& name = tensor.stored.name;
  if (name.ends_with(linear)) {
    const std::string stem = name.substr(0, name.size() - linear.size());
    const Tensor& b = partner(tensor, stem + ".lora_B.weight");
    check_matrix(tensor);
    const auto &sa = tensor.stored.shape, &sb = b.stored.shape;
    if (sa[0] != sb[1])
      fail(b, std::to_string(sa[0]) + " columns expected as rows of A, " + std::to_string(sb[1]) + " found");
    merge_into(tensor, module_of(tensor, linear), numbers_of(tensor), numbers_of(b), sb[0], sa[1], sa[0]);
  } else if (name.ends_with(embedding)) {
    const std::string stem = name.substr(0, name.size() - embedding.size());
    const Tensor& b = partner(tensor, stem + ".lora_embedding_B");
    check_matrix(tensor);
    const auto &sa = tensor.stored.shape, &sb = b.stored.shape;
    if (sa[0] != sb[1])
      fail(b, std::to_string(sa[0]) + " columns expected as rows of A, " + std::to_string(sb[1]) + " found");
    // An embedding's rows are what a linear layer's columns are.
    merge_into(tensor, module_of(tensor, embedding), transposed(numbers_of(b), sb[0], sb[1]),
               transposed(numbers_of(tensor), sa[0], sa[1]), sa[1], sb[0], sa[0]);
  } else if (name.ends_with(".lora_B.weight")) {
    partner(tensor, without(name, ".lora_B.weight") + std::string(linear));
  } else if (name.ends_with(".lora_embedding_B")) {
    partner(tensor, without(name, ".lora_embedding_B") + std::string(embedding));
  } else if (name.find(".lora_") != name.npos) {
    fail(tensor,
         "lora_A.weight, lora_B.weight, lora_embedding_A or lora_embedding_B expected, another part found");
  }
}

void Merger::merge_into(const Tensor& part, const std::string& module, std::vector<float> a,
                        std::vector<float> b, std::uint64_t rows, std::uint64_t cols, std::uint64_t rank) {
  if (is_of_another_part(module)) return;
  const std::string here = bare(module) + ".weight";
  const auto place = places_.find(here);
  if (place == places_.end())
    fail(part, "no matrix " + in_quotes(here) + " of its own in the model: " + path_text(files_.source()));
  if (here == "embed_tokens.weight" && !places_.contains("lm_head.weight"))
    fail(part, "an embedding that is not the head, too, expected: merging would change both");
  Tensor& base = tensors_[place->second];
  if (base.stored.packed)
    fail(part, "a model that is not packed yet expected (kelvin-quantize --lora packs one with its adapter)");
  if (base.stored.shape != std::vector<std::uint64_t>{rows, cols} || rank == 0)
    fail(part, "an adapter of " + shape_text(base.stored.shape) + " expected from the model, of " +
                   shape_text(std::vector<std::uint64_t>{rows, cols}) + " found");
  if (rank != static_cast<std::uint64_t>(config_.rank_of(module)))
    fail(part, "rank " + std::to_string(config_.rank_of(module)) + " expected from " + config_name + ", " +
                   std::to_string(rank) + " found");
  if (!base.stored.computed && !is_weight_dtype(base.stored.dtype))
    return;  // which the model refuses by name
  Tensor merged{{base.stored.name, Dtype::f32, base.stored.shape, {}}, base.file, base.memory};
  merged.stored.computed =
      std::make_shared<Merged>(base, std::move(a), std::move(b), config_.scale_of(module));
  base = std::move(merged);
}

}  // namespace

TensorFiles with_lora(const TensorFiles& files, const fs::path& folder) {
  return Merger(files, folder).run();
}

bool is_only_adapter(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / config_name, error) && !fs::exists(folder / "config.json", error);
}

}  // namespace kelvin
