#include "tools/bench_run.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <vector>

#include "engine/sha256.h"

namespace kelvin {
namespace {

std::vector<int> bench_ids(int count, int vocab_size) {
  std::vector<int> ids(static_cast<std::size_t>(count));
  std::uint64_t state = 300;
  for (int& id : ids) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    id = static_cast<int>((state >> 33) % static_cast<std::uint64_t>(vocab_size));
  }
  return ids;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A measure of the layers' matrices, summed over those one token passes.
double of_layers(const Model& model, double (*measure)(const Matrix&)) {
  double sum = 0;
  for (const LayerWeights& w : model.weights().layers) {
    for (const Linear* linear : linears_of(w)) sum += measure(linear->weight);
    // All experts are of one size, and a token passes some.
    if (w.experts.empty()) continue;
    const Mlp& expert = w.experts.front();
    const double others = static_cast<double>(w.experts.size()) - model.config().experts.per_token;
    for (const Linear* linear : {&expert.gate, &expert.up, &expert.down})
      sum -= others * measure(linear->weight);
  }
  return sum;
}

double bytes_of(const Matrix& matrix) { return static_cast<double>(matrix.bytes()); }
double elements_of(const Matrix& matrix) { return static_cast<double>(matrix.rows) * matrix.cols; }

}  // namespace

BenchFigures run_bench(Model& model, const BenchSize& size, const std::function<void(int, int)>& progress) {
  const std::vector<int> ids = bench_ids(size.prefill + size.decode, model.config().vocab_size);
  const int total = (size.prefill + size.decode) * size.repeat;
  BenchFigures best{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), ""};
  std::vector<float> logits;
  const LogitsSink keep = [&](int, int, std::span<const float> z) { logits.assign(z.begin(), z.end()); };
  int done = 0;
  for (int repetition = 0; repetition < size.repeat; ++repetition) {
    Sequence sequence(model, size.prefill + size.decode);
    Sha256 sha;
    const auto forward = [&](int first, int count) {
      const Feed feed{
          &sequence, std::span(ids).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
          Want::last};
      const auto start = std::chrono::steady_clock::now();
      model.forward({&feed, 1}, keep);
      const double seconds = seconds_since(start);
      if (count > 0) sha.update(logits);
      progress(done += count, total);
      return seconds;
    };
    best.prefill_seconds = std::min(best.prefill_seconds, forward(0, size.prefill));
    double decode = 0;
    for (int i = 0; i < size.decode; ++i) decode += forward(size.prefill + i, 1);
    best.decode_seconds = std::min(best.decode_seconds, decode);
    best.logits_sha256 = sha.hex();
  }
  return best;
}

double bytes_per_token(const Model& model, double positions) {
  const ModelConfig& c = model.config();
  return bytes_of(model.weights().head) + of_layers(model, bytes_of) +
         positions * 2.0 * c.n_layers * c.n_kv_heads * c.head_dim * sizeof(float);
}

double prefill_operations(const Model& model, int tokens) {
  const ModelConfig& c = model.config();
  // Only the last position passes the head; each position attends to itself and all before it.
  const double attended = 0.5 * tokens * (tokens + 1.0) * 2.0 * c.n_layers * c.n_heads * c.head_dim;
  return 2.0 * (of_layers(model, elements_of) * tokens + elements_of(model.weights().head) + attended);
}

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace kelvin
