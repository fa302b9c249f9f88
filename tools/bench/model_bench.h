// The measurements of kelvin-bench.
#pragma once

#include <functional>
#include <string>

#include "engine/forward/model.h"
#include "engine/forward/part_times.h"

namespace kelvin {

struct BenchSize {
  int prefill;        // tokens of the prompt
  int decode;         // tokens after it, one by one
  int repeat;         // times; the best counts
  int sequences = 1;  // decoded at once, each with tokens of its own
  int context = 0;    // tokens before the decoded ones; 0: the prompt

  int before_decode() const { return context > 0 ? context : prefill; }
};

struct BenchFigures {
  double prefill_seconds, decode_seconds;  // best of the repetitions
  std::string logits_sha256;  // of the prompt's last position and of every decoded one of the first sequence
  // Of the best repetitions, where asked for.
  PartTimes prefill_parts{}, decode_parts{};
  double sampling_seconds = 0;  // of the default chain on every decoded token, not within decode_seconds
};

// Ids are the same on every machine. Calls progress(done, total) in tokens.
BenchFigures run_bench(Model& model, const BenchSize& size, bool parts,
                       const std::function<void(int, int)>& progress);

// The most memory this process has held so far, in MiB, mapped files included.
double peak_rss_mib();

}  // namespace kelvin
