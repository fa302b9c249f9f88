// Which table runs: the best one the processor has, or the one KELVIN_ISA names.
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/kernels/instruction_sets.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

class Tables {
 public:
  Tables() {
    for (const kernels::InstructionSet& set : kernels::instruction_sets()) {
      if (!set.install_floats || !set.runs_here()) continue;
      Table& table = tables_.emplace_back();
      set.install_floats(table.floats);
      set.install_integers(table.integers);
      table.floats.name = table.integers.name = set.name;
      table.floats.quantized = &table.integers;
      supported_.push_back(&table.floats);
    }
    supported_.push_back(&kernels::scalar_kernels);
  }
  std::span<const Kernels* const> supported() const { return supported_; }

 private:
  struct Table {
    Kernels floats = kernels::scalar_kernels;
    QuantizedKernels integers = kernels::scalar_quantized;
  };

  std::deque<Table> tables_;  // a deque's elements stay where they are
  std::vector<const Kernels*> supported_;
};

// "a", "a or b", "a, b or c"
std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + words[i];
  return text;
}

}  // namespace

std::span<const Kernels* const> supported_kernels() {
  static const Tables tables;
  return tables.supported();
}

const Kernels& kernels_named(const char* name) {
  const std::string wanted = name;
  std::string here;
  for (const Kernels* table : supported_kernels()) {
    if (wanted == table->name) return *table;
    here += std::string(here.empty() ? "" : ", ") + table->name;
  }
  std::vector<std::string> known = {kernels::scalar_kernels.name};
  for (const kernels::InstructionSet& set : kernels::instruction_sets()) {
    known.insert(known.begin() + 1, set.name);
    if (wanted != set.name) continue;
    const char* reason =
        set.install_floats ? "this processor does not have it" : "this build does not have it";
    throw std::invalid_argument("KELVIN_ISA=" + wanted + ": " + reason + "; here run: " + here);
  }
  throw std::invalid_argument("KELVIN_ISA=" + wanted + ": unknown; expected " + alternatives(known) +
                              "; here run: " + here);
}

const Kernels& best_kernels() {
  const char* forced = std::getenv("KELVIN_ISA");
  return forced && *forced ? kernels_named(forced) : *supported_kernels().front();
}

}  // namespace kelvin
