// What kelvin-bench found, as text for people and as one JSON object.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/bench/model_bench.h"
#include "tools/bench/part_work.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct ThreadsFigures {
  int threads;
  double prefill_tok_s, decode_tok_s, machine_read_gb_s, machine_gops;
};

struct BenchReport {
  BenchSize size;
  std::string model, isa, weights, kv;
  ModelOrigin origin;
  int threads;
  double load_s, peak_rss_mib, bytes_per_token;
  PartWork prefill_work, decode_work;
  BenchFigures figures;
  MachineLimits limits;
  bool profile = false;
  std::vector<ThreadsFigures> sweep;

  double prefill_tok_s() const { return size.prefill / figures.prefill_seconds; }
  double prefill_gflops() const { return operations_of(prefill_work) / figures.prefill_seconds / 1e9; }
  double decode_tok_s() const {
    return static_cast<double>(size.decode) * size.sequences / figures.decode_seconds;
  }
  double read_gb_s() const { return bytes_of(decode_work) / figures.decode_seconds / 1e9; }
};

ThreadsFigures threads_figures(const BenchReport& report);

std::string bench_text(const BenchReport& report);
std::string bench_json(const BenchReport& report);  // one object, without its end of line

}  // namespace kelvin
