// kelvin-logits as a source of arrays: the logits of every position, as files of numbers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/inspect/logits_pass.h"
#include "tools/options/flags.h"
#include "tools/output/output_file.h"

namespace kelvin {

struct DumpFlags {
  std::optional<std::string> raw, npy, lens_npy;

  void add_to(Flags& flags);
  bool given() const { return raw || npy || lens_npy; }
};

class ArrayDump {
 public:
  // The files of (positions, vocabulary) and (positions, stages, vocabulary) that `flags` name. Throws
  // UserError where one cannot be made.
  ArrayDump(const DumpFlags& flags, std::size_t positions, std::size_t stages, std::size_t vocabulary);

  // Positions in order, with their lens where it was asked for. Throws std::runtime_error.
  void add(const PositionLogits& at);
  // The files appear.
  void commit();

 private:
  std::vector<std::unique_ptr<OutputFile>> logits_;
  std::optional<OutputFile> lens_;
};

}  // namespace kelvin
