// The instruction sets there are kernels for. instruction_sets.cpp holds the one list, from which the tables,
// the words of KELVIN_ISA and the tests follow.
#pragma once

#include <span>

namespace kelvin {

struct Kernels;
struct QuantizedKernels;

namespace kernels {

// A table is the scalar one with what these functions overwrite. They are compiled for the instruction set,
// so that they may be called only where it runs.
struct InstructionSet {
  const char* name;                        // the word of KELVIN_ISA
  void (*install_floats)(Kernels& table);  // nullptr where this build has none
  void (*install_integers)(QuantizedKernels& table);
  bool (*runs_here)();  // asks the processor and the operating system
};

// Of every architecture, best first; the scalar table, which needs none, is not among them.
std::span<const InstructionSet> instruction_sets();

// Where weights that are read once are best asked for ahead of time: in L2 (prefetcht1), or in L1 only
// (prefetchnta). kernels/README.md has what was measured.
extern const bool prefetch_into_l2;

}  // namespace kernels
}  // namespace kelvin
