#include "loaders/gguf/gguf_tensors.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/weights/aligned_buffer.h"
#include "loaders/files/load_error.h"
#include "loaders/tensors/convert.h"

namespace kelvin {
namespace {

constexpr std::uint64_t max_experts = 1 << 16;

// RoPE's factors, which the config holds.
bool is_setting(std::string_view name) {
  return name.starts_with("rope_freqs.") || name.starts_with("rope_factors_") ||
         name.find(".attn_rot_embd.") != name.npos;
}

bool is_query(std::string_view name) { return name.find(".attn_q.") != name.npos; }
bool is_key(std::string_view name) { return name.find(".attn_k.") != name.npos; }

// Rows 2i and 2i + 1 of each head to rows i and i + d/2: of a matrix while it is read, of a vector at once.
void put_halves_together(TensorFiles::Tensor& tensor, std::uint64_t heads, const std::string& path) {
  StoredTensor& stored = tensor.stored;
  const std::uint64_t rows = stored.shape[0], head_dim = rows / heads;
  if (rows == 0 || rows % heads != 0 || head_dim % 2 != 0)
    throw LoadError(path, "tensor " + in_quotes(stored.name) + ": " + std::to_string(heads) +
                              " heads of even size expected, " + std::to_string(rows) + " rows found");
  stored.paired_rows = head_dim;
  if (stored.shape.size() > 1) return;
  StoredTensor column = stored;
  column.shape = {rows, 1};
  auto memory = std::make_shared<AlignedBuffer>(stored.data.size());
  copy_rows(column, 0, rows, memory->data());
  stored.paired_rows = 0;
  stored.data = {memory->data(), memory->size()};
  tensor.memory = std::move(memory);
}

// Its numbers as float32, in memory of their own.
std::span<float> widen(TensorFiles::Tensor& tensor) {
  StoredTensor& stored = tensor.stored;
  const std::size_t count = stored.elements();
  auto memory = std::make_shared<AlignedBuffer>(count * sizeof(float));
  convert(stored.dtype, stored.data.data(), count, Storage::f32, memory->data());
  if (tensor.memory == tensor.file && tensor.file) tensor.file->release(stored.data);
  stored.dtype = Dtype::f32;
  stored.data = {memory->data(), memory->size()};
  const std::span<float> numbers(memory->floats(), count);
  tensor.memory = std::move(memory);
  return numbers;
}

void take_one_off(TensorFiles::Tensor& tensor) {
  for (float& number : widen(tensor)) number -= 1.0f;
}

std::string_view without(std::string_view name, std::string_view ending) {
  name.remove_suffix(ending.size());
  return name;
}

// "x.scale" belongs to "x.weight": what its numbers are multiplied by, or those of each expert (NVFP4 needs it).
// "x.input_scale" is for hardware that rounds activations, too: nothing is multiplied by it.
bool is_scale(std::string_view name, const GgufKeys& keys) {
  for (const std::string_view ending : {".scale", ".input_scale"})
    if (name.ends_with(ending)) return keys.tensor(std::string(without(name, ending)) + ".weight") != nullptr;
  return false;
}

void multiply_by_scale(TensorFiles::Tensor& tensor, const GgufKeys& keys, const std::string& path) {
  const std::string_view name = tensor.stored.name;
  const StoredTensor* const scale = keys.tensor(std::string(without(name, ".weight")) + ".scale");
  if (!scale) return;
  const std::uint64_t experts = tensor.stored.shape.size() == 3 ? tensor.stored.shape[0] : 1;
  const std::uint64_t found = scale->elements();
  if (scale->dtype != Dtype::f32 || scale->shape.size() != 1 || (found != 1 && found != experts))
    throw LoadError(path, "tensor " + in_quotes(scale->name) + ": 1" +
                              (experts > 1 ? " or " + std::to_string(experts) : "") + " x F32 expected, " +
                              shape_text(scale->shape) + " x " + std::string(dtype_name(scale->dtype)) +
                              " found");
  std::vector<float> scales(found);
  convert(Dtype::f32, scale->data.data(), found, Storage::f32, scales.data());
  if (std::all_of(scales.begin(), scales.end(), [](float one) { return one == 1.0f; })) return;
  const std::span<float> numbers = widen(tensor);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] *= scales[i / (numbers.size() / found)];
}

void add_experts(const TensorFiles::Tensor& all, const std::string& pattern, const std::string& path,
                 std::vector<TensorFiles::Tensor>& into) {
  const StoredTensor& stored = all.stored;
  const std::uint64_t experts = stored.shape[0];
  if (stored.shape.size() < 2 || experts == 0 || experts > max_experts)
    throw LoadError(path, "tensor " + in_quotes(stored.name) + ": 1 to " + std::to_string(max_experts) +
                              " experts, each of its own rows, expected, " + shape_text(stored.shape) +
                              " found");
  const std::size_t place = pattern.find("{}"), bytes = stored.data.size() / experts;
  for (std::uint64_t expert = 0; expert < experts; ++expert) {
    TensorFiles::Tensor one = all;
    one.stored.name = std::string(pattern).replace(place, 2, std::to_string(expert));
    one.stored.shape.erase(one.stored.shape.begin());
    one.stored.data = stored.data.subspan(expert * bytes, bytes);
    into.push_back(std::move(one));
  }
}

}  // namespace

void add_gguf_tensors(const GgufFile& part, const std::shared_ptr<const MappedFile>& file,
                      const GgufKeys& keys, const GgufFamily& family,
                      std::vector<TensorFiles::Tensor>& into) {
  const std::int64_t heads = keys.integer("attention.head_count").value_or(1);
  const std::int64_t kv_heads = keys.integer("attention.head_count_kv").value_or(heads);
  const auto names = keys.tensor_names();
  const bool scaled =
      std::any_of(names.begin(), names.end(), [](std::string_view name) { return name.ends_with(".scale"); });
  for (const StoredTensor& stored : part.tensors()) {
    if (is_setting(stored.name) || is_scale(stored.name, keys)) continue;
    TensorFiles::Tensor tensor{stored, file, file};
    if (is_weight_dtype(stored.dtype) && !stored.data.empty()) {
      if (family.paired_rows && (is_query(stored.name) || is_key(stored.name)))
        put_halves_together(tensor, static_cast<std::uint64_t>(is_query(stored.name) ? heads : kv_heads),
                            part.name());
      if (family.norms_plus_one && stored.name.ends_with("norm.weight")) take_one_off(tensor);
      if (scaled && stored.name.ends_with(".weight")) multiply_by_scale(tensor, keys, part.name());
    }
    const std::string name = hf_tensor_name(family, stored.name);
    if (name.find("{}") != name.npos) {
      add_experts(tensor, name, part.name(), into);
      continue;
    }
    if (!name.empty()) tensor.stored.name = name;
    // Vectors that are matrices of one row there.
    if (name.ends_with(".shared_expert_gate.weight") && stored.shape.size() == 1)
      tensor.stored.shape.insert(tensor.stored.shape.begin(), 1);
    into.push_back(std::move(tensor));
  }
}

}  // namespace kelvin
