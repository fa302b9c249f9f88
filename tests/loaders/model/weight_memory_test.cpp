#include "loaders/model/weight_memory.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <new>
#include <optional>
#include <string>

#include "engine/weights/storage.h"
#include "engine/weights/weight_kind.h"
#include "engine/weights/weights.h"
#include "loaders/model/checkpoint.h"
#include "loaders/tensors/tensor_files.h"
#include "tests/engine/platform/memory_limit.h"
#include "tests/loaders/tiny_model.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

// A folder whose embedding, of 2^16 x 256 numbers, is a hole in its file; the head is the same tensor. In
// float32 these take 67.1 MB, in bf16 33.6 MB.
class SparseFolder {
 public:
  explicit SparseFolder(const std::string& dtype) {
    config_.hidden_size = 256;
    config_.tied_embeddings = true;
    std::string header = "{";
    std::uint64_t end = 0;
    for (TensorToWrite& tensor : tiny_tensors(config_, dtype)) {
      if (tensor.name == "model.embed_tokens.weight") tensor.shape[0] = 1 << 16;
      std::uint64_t count = 1;
      std::string shape;
      for (const std::uint64_t size : tensor.shape) {
        count *= size;
        shape += (shape.empty() ? "" : ",") + std::to_string(size);
      }
      const std::uint64_t begin = end;
      end += count * (dtype == "F32" ? 4 : 2);
      header += (header.size() > 1 ? ",\"" : "\"") + tensor.name + "\":{\"dtype\":\"" + dtype +
                "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(begin) + "," +
                std::to_string(end) + "]}";
    }
    config_.vocab_size = 1 << 16;
    header += "}";
    header.resize((header.size() + 63) / 64 * 64 - 8, ' ');
    const std::filesystem::path file = folder_.path() / "model.safetensors";
    write_file(file, safetensors_file(header, ""));
    std::filesystem::resize_file(file, std::filesystem::file_size(file) + end);
  }

  // The text of the error.
  std::string refused(std::optional<WeightKind> kind, std::uint64_t left) const {
    const TensorFiles files(folder_.path());
    LoadOptions options;
    options.storage = kind;
    options.threads = 1;
    const MemoryLimit limit(left);
    try {
      load_weights(files, config_, options);
    } catch (const std::bad_alloc& error) {
      return error.what();
    }
    return "loaded";
  }

 private:
  ModelConfig config_ = tiny_config();
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("where memory is short, the kinds of weights that fit are named") {
  const SparseFolder folder("F16");
  const auto refused = [&](std::optional<WeightKind> kind, std::uint64_t left) {
    return folder.refused(kind, left);
  };
  const std::string begins =
      "out of memory: weights as f32 need 0.07 GB, 0.05 GB left by the limit on address "
      "space (ulimit -v); ";
  CHECK(refused(WeightKind(Storage::f32), 50'000'000) ==
        begins +
            "--weights bf16 (0.03 GB), --weights q8 (0.02 GB), --weights q4 (0.01 GB) or --weights q4h "
            "(0.02 GB) would fit");
  // A file of F16 is kept as float32 by itself.
  CHECK(refused(std::nullopt, 24'000'000) ==
        "out of memory: weights as in the file need 0.07 GB, 0.02 GB left by the limit on address space "
        "(ulimit -v); --weights q8 (0.02 GB), --weights q4 (0.01 GB) or --weights q4h (0.02 GB) would fit");
  CHECK(refused(WeightKind(Storage::q8), 2'000'000) ==
        "out of memory: weights as q8 need 0.02 GB, 0.00 GB left by the limit on address space (ulimit -v); "
        "nothing would fit: even --weights q4 needs 0.01 GB");
}

TEST_CASE("what is used as it lies in the file fits where a conversion does not") {
  CHECK(SparseFolder("F32")
            .refused(WeightKind(Storage::bf16), 5'000'000)
            .ends_with("; without --weights (0.00 GB) or --weights f32 (0.00 GB) would fit"));
}
