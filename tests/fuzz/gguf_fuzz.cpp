// Any bytes as a GGUF file: a LoadError, or values that can be read, tensors whose numbers lie inside the
// file, and a tokenizer that encodes and decodes.
#include <cstdlib>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/gguf/gguf_config.h"
#include "loaders/gguf/gguf_latent.h"
#include "loaders/gguf/gguf_tensors.h"
#include "loaders/model/generation_config.h"
#include "loaders/model/hf_config.h"
#include "loaders/tensors/convert.h"
#include "loaders/tokenizer/gguf_tokenizer.h"
#include "tokenizer/base/tokenizer_error.h"

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

template <class Action>
void attempt(Action action) {
  try {
    action();
  } catch (const kelvin::LoadError&) {
  }
}

void read_value(const kelvin::GgufValue& value) {
  attempt([&] { value.as_string(); });
  attempt([&] { value.as_int(); });
  attempt([&] { value.as_double(); });
  attempt([&] { require(value.strings().size() == value.size()); });
  attempt([&] { require(value.numbers().size() == value.size()); });
}

// All numbers, so that the sanitizer sees every byte that is read for them.
void read_tensor(const kelvin::StoredTensor& tensor) {
  const std::size_t count = tensor.elements();
  if (!kelvin::is_weight_dtype(tensor.dtype) || tensor.data.empty()) return;
  require(kelvin::stored_bytes(tensor.dtype, count) == tensor.data.size());
  std::vector<float> numbers(count);
  kelvin::convert(tensor.dtype, tensor.data.data(), count, kelvin::Storage::f32, numbers.data());
}

void use(const kelvin::Tokenizer& tokenizer) {
  const std::vector<int> ids = tokenizer.encode("The zebra's  12345 \xC3\xA9\xE6\xBC\xA2\n\n<s> \xFF aaaa");
  tokenizer.decode(ids);
  for (int id : ids) tokenizer.bytes(id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attempt([&] {
    const kelvin::GgufFile file(std::as_bytes(std::span(data, size)), "fuzz");
    for (const kelvin::GgufValue& value : file.with_prefix("")) read_value(value);
    for (const kelvin::StoredTensor& tensor : file.tensors()) read_tensor(tensor);
    attempt([&] {
      const kelvin::GgufKeys keys({&file});
      const kelvin::GgufFamily& family = kelvin::gguf_family(keys);
      std::vector<kelvin::TensorFiles::Tensor> tensors;
      kelvin::add_gguf_tensors(file, nullptr, keys, family, tensors);
      if (family.latent) kelvin::join_latent_tensors(tensors, "fuzz");
      for (const auto& tensor : tensors) read_tensor(tensor.stored);
      const kelvin::JsonDocument config = kelvin::gguf_config(keys, family);
      kelvin::generation_config(config, kelvin::gguf_generation_config(file));
      kelvin::model_config(config);
    });
    try {
      use(kelvin::gguf_tokenizer(file).tokenizer);
    } catch (const kelvin::TokenizerError&) {
    }
  });
  return 0;
}
