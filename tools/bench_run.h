// The measurements of kelvin-bench.
#pragma once

#include <functional>
#include <string>

#include "engine/machine_limits.h"
#include "engine/model.h"

namespace kelvin {

struct BenchSize {
  int prefill;  // tokens of the prompt
  int decode;   // tokens after it, one by one
  int repeat;   // times; the best counts
};

struct BenchFigures {
  double prefill_seconds, decode_seconds;  // best of the repetitions
  std::string logits_sha256;               // of the prompt's last position and of every decoded one
};

// Ids are the same on every machine. Calls progress(done, total) in tokens.
BenchFigures run_bench(Model& model, const BenchSize& size, const std::function<void(int, int)>& progress);

// What decoding one token must read: the matrices of all layers and of the head, and the keys and values of
// `positions` positions.
double bytes_per_token(const Model& model, double positions);

// Multiplications and additions of a prompt's matrix products and attention.
double prefill_operations(const Model& model, int tokens);

// The most memory this process has held so far, in MiB, mapped files included.
double peak_rss_mib();

}  // namespace kelvin
