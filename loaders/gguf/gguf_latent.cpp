#include "loaders/gguf/gguf_latent.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/weights/aligned_buffer.h"
#include "loaders/files/load_error.h"
#include "loaders/tensors/convert.h"

namespace kelvin {
namespace {

constexpr std::string_view of_keys = ".attn_k_b.weight", of_values = ".attn_v_b.weight";

using Tensor = TensorFiles::Tensor;

// Its numbers, as they are or as float32.
std::shared_ptr<const AlignedBuffer> numbers_of(const StoredTensor& tensor, bool as_float) {
  const std::size_t count = tensor.elements();
  auto memory = std::make_shared<AlignedBuffer>(as_float ? count * sizeof(float) : tensor.data.size());
  if (as_float)
    convert(tensor.dtype, tensor.data.data(), count, Storage::f32, memory->data());
  else
    std::memcpy(memory->data(), tensor.data.data(), tensor.data.size());
  return memory;
}

Tensor joined(const Tensor& keys, const Tensor& values, const std::string& layer, const std::string& path) {
  const StoredTensor &k = keys.stored, &v = values.stored;  // (heads, rank, width), (heads, width, rank)
  for (const StoredTensor* tensor : {&k, &v})
    if (tensor->shape.size() != 3 || !is_weight_dtype(tensor->dtype) || tensor->data.empty())
      throw LoadError(path, "tensor " + in_quotes(tensor->name) + ": a matrix for each head expected, " +
                                shape_text(tensor->shape) + " found");
  const std::size_t heads = k.shape[0], rank = k.shape[1], key_dim = k.shape[2], value_dim = v.shape[1];
  const std::vector<std::uint64_t> expected{heads, value_dim, rank};
  if (v.shape != expected)
    throw LoadError(path, "tensor " + in_quotes(v.name) + ": " + shape_text(expected) + " expected from " +
                              in_quotes(k.name) + ", " + shape_text(v.shape) + " found");
  const bool same = k.dtype == v.dtype && (k.dtype == Dtype::f16 || k.dtype == Dtype::bf16);
  const std::size_t size = same ? 2 : sizeof(float);
  const auto from_keys = numbers_of(k, !same), from_values = numbers_of(v, !same);
  auto memory = std::make_shared<AlignedBuffer>((k.elements() + v.elements()) * size);
  std::byte* to = memory->data();
  for (std::size_t head = 0; head < heads; ++head) {
    const std::byte* const key = from_keys->data() + head * rank * key_dim * size;
    for (std::size_t i = 0; i < key_dim; ++i)
      for (std::size_t r = 0; r < rank; ++r, to += size)
        std::memcpy(to, key + (r * key_dim + i) * size, size);
    const std::size_t bytes = value_dim * rank * size;
    std::memcpy(to, from_values->data() + head * bytes, bytes);
    to += bytes;
  }
  Tensor whole = keys;
  whole.stored.name = "model.layers." + layer + ".self_attn.kv_b_proj.weight";
  whole.stored.dtype = same ? k.dtype : Dtype::f32;
  whole.stored.shape = {heads * (key_dim + value_dim), rank};
  whole.stored.data = {memory->data(), memory->size()};
  whole.memory = std::move(memory);
  return whole;
}

}  // namespace

void join_latent_tensors(std::vector<Tensor>& tensors, const std::string& path) {
  const auto named = [&](const std::string& name) {
    return std::find_if(tensors.begin(), tensors.end(),
                        [&](const Tensor& tensor) { return tensor.stored.name == name; });
  };
  std::vector<std::string> layers;
  for (const Tensor& tensor : tensors)
    if (const std::string& name = tensor.stored.name; name.starts_with("blk.") && name.ends_with(of_keys))
      layers.push_back(name.substr(4, name.size() - 4 - of_keys.size()));
  for (const std::string& layer : layers) {
    const auto keys = named("blk." + layer + std::string(of_keys));
    const auto values = named("blk." + layer + std::string(of_values));
    if (values == tensors.end()) continue;
    *keys = joined(*keys, *values, layer, path);
    tensors.erase(values);
  }
}

}  // namespace kelvin
