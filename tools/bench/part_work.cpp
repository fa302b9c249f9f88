#include "tools/bench/part_work.h"

#include <algorithm>
#include <initializer_list>

#include "engine/forward/kv_cache.h"
#include "engine/weights/config.h"
#include "engine/weights/weights.h"

namespace kelvin {

namespace {

// Positions within a window (0: all), summed over the first n tokens of a text.
double seen_by_first(double n, int window) {
  const double within = window > 0 ? std::min<double>(n, window) : n;
  return 0.5 * within * (within + 1) + (n - within) * window;
}

double attended(const Pass& pass, int window) {
  return pass.sequences *
         (seen_by_first(pass.position + pass.tokens, window) - seen_by_first(pass.position, window));
}

// Positions whose keys and values are read.
double cached(const Pass& pass, int window) {
  const double end = pass.position + pass.tokens;
  return pass.sequences * (window > 0 ? std::min<double>(end, window + pass.tokens - 1.0) : end);
}

}  // namespace

std::vector<Pass> prefill_passes(int tokens) {
  std::vector<Pass> passes;
  for (int first = 0; first < tokens; first += default_chunk)
    passes.push_back({first, std::min(default_chunk, tokens - first), 1, first + default_chunk >= tokens});
  return passes;
}

std::vector<Pass> decode_passes(int first, int tokens, int sequences) {
  std::vector<Pass> passes;
  for (int i = 0; i < tokens; ++i) passes.push_back({first + i, 1, sequences, sequences});
  return passes;
}

double Work::min_seconds(const MachineLimits& limits) const {
  const double reading = bytes / (limits.read_gb_s * 1e9);
  return std::max(reading, operations / ((integers ? limits.int8_gops : limits.fma_gflops) * 1e9));
}

PartWork part_work(const Model& model, const std::vector<Pass>& passes) {
  const ModelConfig& c = model.config();
  const Weights& weights = model.weights();
  PartWork work;
  double all_rows = 0, wanted = 0;
  for (const Pass& pass : passes) {
    all_rows += static_cast<double>(pass.tokens) * pass.sequences;
    wanted += pass.wanted;
  }
  const auto add_rows = [&](PassPart part, const Matrix& matrix, double rows, double share) {
    if (!matrix.data) return;
    Work& of_part = work[static_cast<std::size_t>(part)];
    of_part.bytes += share * static_cast<double>(passes.size()) * static_cast<double>(matrix.bytes());
    of_part.operations += share * 2.0 * rows * matrix.rows * matrix.cols;
    of_part.integers |= is_packed(matrix.storage);
  };
  const auto add = [&](PassPart part, const Matrix& matrix, double share) {
    add_rows(part, matrix, all_rows, share);
  };
  const auto add_mlp = [&](PassPart up_part, PassPart down_part, const Mlp& mlp, double share) {
    if (c.gated) add(up_part, mlp.gate.weight, share);
    add(up_part, mlp.up.weight, share);
    add(down_part, mlp.down.weight, share);
  };
  for (const LayerWeights& w : weights.layers) {
    for (const Linear* linear : {&w.q, &w.k, &w.v, &w.q_down, &w.kv_down, &w.kv_up})
      add(PassPart::projections, linear->weight, 1);
    add(PassPart::attention_out, w.o.weight, 1);
    for (const Linear* linear : {&w.router, &w.shared_gate}) add(PassPart::mlp_up, linear->weight, 1);
    // Each token passes some experts: as if each pass read those alone, which holds for one token.
    for (const Mlp& expert : w.experts)
      add_mlp(PassPart::mlp_up, PassPart::mlp_up, expert,
              static_cast<double>(c.experts.per_token) / static_cast<double>(w.experts.size()));
    add_mlp(PassPart::mlp_up, w.experts.empty() ? PassPart::mlp_down : PassPart::mlp_up, w.mlp, 1);
  }
  add_rows(PassPart::head, weights.lm_head, wanted, 1);
  Work& attention = work[static_cast<std::size_t>(PassPart::attention)];
  const double per_position =
      static_cast<double>(engine::KvCache::bytes_for(model.kv_shape(), kernels::attention_span)) /
      kernels::attention_span / c.n_layers;
  for (const LayerSpec& layer : c.layers)
    for (const Pass& pass : passes) {
      attention.bytes += cached(pass, layer.window) * per_position;
      attention.operations += 2.0 * attended(pass, layer.window) * c.n_heads * (c.head_dim + c.value_dim);
    }
  return work;
}

double bytes_of(const PartWork& work) {
  double sum = 0;
  for (const Work& of_part : work) sum += of_part.bytes;
  return sum;
}

double operations_of(const PartWork& work) {
  double sum = 0;
  for (const Work& of_part : work) sum += of_part.operations;
  return sum;
}

}  // namespace kelvin
