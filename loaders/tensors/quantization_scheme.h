// How a folder's weights are quantised, as its config.json says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kelvin {

enum class QuantMethod : std::uint8_t { fp8, compressed_tensors, gptq, awq, mxfp4 };

// What holds for the matrices of some modules.
struct QuantGroup {
  enum class Scales : std::uint8_t { tensor, channel, group, block };

  std::vector<std::string> targets =
      {};  // compressed-tensors: "Linear", a module's name, or "re:" and a pattern
  int bits = 8;
  bool floats = false;    // codes are FP8, not integers
  bool packed = false;    // codes are packed into words
  bool symmetric = true;  // no zero points
  Scales scales = Scales::tensor;
  std::uint64_t group_size = 0;  // columns of a group; 0: a whole row
  std::uint64_t block_rows = 0, block_cols = 0;
};

struct QuantizationScheme {
  QuantMethod method;
  std::vector<QuantGroup> groups;  // one, but for compressed-tensors
  bool zeros_less_one = false;     // GPTQ's first format stores zero points less one
  bool activations = false;        // its makers quantise activations, too, which Kelvin does not

  // "AWQ, 4 bits, groups of 128"
  std::string text() const;
};

}  // namespace kelvin
