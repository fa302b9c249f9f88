// What another implementation found for a model: a folder with manifest.json and raw little-endian arrays,
// each described there as {"file", "dtype", "shape"}. README.md has a script that writes one with
// transformers.
//   {"suggested_abs_tol_logits": 1e-4, "sequences": {"NAME": {"ids": [...], "logits": {...}, ...}}}
// Of a sequence of T tokens, all but ids being optional: logits (T, vocabulary), last_logits (vocabulary,),
// nll (T - 1,), argmax (T,), hidden (stages, T, hidden_size) or, of the last position only, (stages,
// hidden_size). Stages are the input of layer 0, every layer's output and that of the final norm; without
// the last layer's output (transformers' own output_hidden_states) there is one less.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "loaders/files/mapped_file.h"

namespace kelvin {

class GoldenArray {
 public:
  enum class Type { float32, float64, int32, int64 };

  // Throws LoadError where the file is not as long as type and shape say.
  GoldenArray(const std::filesystem::path& path, Type type, std::vector<std::size_t> shape);

  const std::vector<std::size_t>& shape() const { return shape_; }
  double operator[](std::size_t index) const;  // in C order

 private:
  std::shared_ptr<const MappedFile> file_;
  Type type_;
  std::vector<std::size_t> shape_;
};

struct GoldenSequence {
  std::string name;
  std::vector<int> ids;  // at least one
  std::optional<GoldenArray> logits, last_logits, nll, argmax, hidden;
};

struct GoldenDump {
  std::optional<double> tolerance;  // of logits, absolute; what its maker suggests
  std::vector<GoldenSequence> sequences;
};

// The sizes that a model gives to the arrays of its dump.
struct GoldenSizes {
  std::size_t vocabulary, hidden, layers;
};

// `path`: the folder, or its manifest. Throws LoadError with file, key, expected and found.
GoldenDump read_golden(const std::filesystem::path& path, const GoldenSizes& sizes);

}  // namespace kelvin
