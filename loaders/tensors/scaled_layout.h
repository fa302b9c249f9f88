// Which layout of ours (engine/kernels/sub_blocks.h) holds the numbers of a matrix of scaled codes, every one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/weights/storage.h"
#include "loaders/tensors/code_reader.h"

namespace kelvin {

struct ScaledLayout {
  Storage storage = Storage::f32;  // f32, bf16 or a packed layout
  int unit = 1;                    // times a code is a whole number: E2M1 counts in halves
  int middle = 0;                  // of codes: taken off codes and zero points that stand apart
  bool zeros_apart = false;        // zero points stand in the header; else they are taken off the codes
};

// What the choice depends on beside the codes' kind, gathered scale by scale.
class ScaleFacts {
 public:
  explicit ScaleFacts(const CodeTensor& codes);

  void see(float scale, int zero);  // of one row and group

  // `run`: consecutive columns that share scale and zero point, at any multiple of it: 128, 32 or, where neither
  // holds, 0.
  ScaledLayout layout(int run) const;

 private:
  ScaledLayout of_integers(int run) const;

  CodeLayout kind_;
  int bits_, middle_;
  bool zeros_vary_ = false;    // not all are the middle
  bool zeros_in_byte_ = true;  // less the middle
  bool halves_ = true;         // scales are float16
  bool short_ = true;          // scales times eight bits are float32
  bool very_short_ = true;     // scales times the four bits of an E4M3 number are bfloat16
};

// The run of ScaleFacts::layout, for groups of `size` columns, or where `group_of` is not empty the group of each.
int shared_run(std::uint64_t cols, std::uint64_t size, const std::vector<std::uint32_t>& group_of);

}  // namespace kelvin
