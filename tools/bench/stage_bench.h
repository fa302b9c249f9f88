// What sampling costs: every stage of the registry, the default chain and the draw, timed on one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kelvin {

struct StageCost {
  std::string chain;
  double milliseconds;             // of one step: all edits and the token's acceptance
  double below_zero_milliseconds;  // the same behind T = -1: the model's order turned round
  double hot_milliseconds;         // behind T = 100: all tokens nearly as likely
};

struct StageBench {
  std::size_t vocabulary;
  std::vector<StageCost> stages;  // each alone, at its default values
  StageCost usual;                // the chain of plain kelvin-chat, with its draw
  StageCost long_chain;           // one with a stage of every kind, with its draw
  double draw_milliseconds;       // alone
  double read_gb_s;               // of the machine, by all its processors
  // The shortest decode step of Llama-3.2-1B in bfloat16 that this bandwidth allows.
  double decode_milliseconds;
};

// Best of `repeat` steps each, on made-up logits with the steep top and the broad middle of a language model.
// Calls progress(done, total).
StageBench run_stage_bench(std::size_t vocabulary, int repeat, const std::function<void(int, int)>& progress);

std::string stage_bench_text(const StageBench& bench);  // a table
std::string stage_bench_json(const StageBench& bench);  // one object, without its end of line

}  // namespace kelvin
