#include "engine/model.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "engine/decoder.h"
#include "engine/model_shapes.h"
#include "engine/rope.h"

namespace kelvin {
namespace {

// A stretch of one feed that can be computed together: its positions share their RoPE frequencies.
struct Stretch {
  int feed;
  int begin, end;   // positions to compute
  int wanted_from;  // the first position whose logits are wanted
  int epoch;
  std::vector<float> frequencies;
};

void check_feeds(std::span<const Feed> feeds, const Model* model, int vocab_size, const auto& owner_of) {
  std::vector<const Sequence*> seen;
  for (const Feed& feed : feeds) {
    if (!feed.sequence) throw std::invalid_argument("forward: a feed has no sequence");
    const Sequence& sequence = *feed.sequence;
    if (owner_of(sequence) != model)
      throw std::invalid_argument("forward: the sequence belongs to another model");
    seen.push_back(&sequence);
    if (feed.tokens.size() > static_cast<std::size_t>(sequence.capacity() - sequence.length()))
      throw std::invalid_argument("forward: " + std::to_string(feed.tokens.size()) + " tokens after " +
                                  std::to_string(sequence.length()) + " exceed the capacity of " +
                                  std::to_string(sequence.capacity()));
    for (const int token : feed.tokens)
      if (token < 0 || token >= vocab_size)
        throw std::invalid_argument("forward: token id " + std::to_string(token) + " is outside [0, " +
                                    std::to_string(vocab_size) + ")");
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end())
    throw std::invalid_argument("forward: a sequence stands in two feeds");
}

}  // namespace

struct Model::Impl {
  Impl(ModelConfig config_in, Weights weights_in, const ModelOptions& options)
      : config(std::move(config_in)),
        weights((check_shapes(config, weights_in), std::move(weights_in))),
        kernels(options.kernels ? *options.kernels : best_kernels()),
        threads(options.threads > 0 ? options.threads : available_processors()),
        rope(config.rope, config.head_dim),
        decoder(config, weights, kernels, rope, threads) {}

  ModelConfig config;
  Weights weights;
  const Kernels& kernels;
  int threads;
  Rope rope;
  Decoder decoder;
};

Sequence::Sequence(const Model& model, int capacity)
    : model_(&model),
      capacity_(capacity),
      cache_({model.config().n_layers, model.config().n_kv_heads, model.config().head_dim}) {
  if (capacity < 0) throw std::invalid_argument("sequence: negative capacity");
}

void Sequence::truncate(int length) {
  if (length < 0 || length > this->length())
    throw std::invalid_argument("truncate: " + std::to_string(length) + " is outside [0, " +
                                std::to_string(this->length()) + "]");
  tokens_.resize(static_cast<std::size_t>(length));
  cached_ = std::min(cached_, length);
}

Model::Model(ModelConfig config, Weights weights, ModelOptions options)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(weights), options)) {}
Model::~Model() = default;

const ModelConfig& Model::config() const { return impl_->config; }
const Weights& Model::weights() const { return impl_->weights; }
const Kernels& Model::kernels() const { return impl_->kernels; }
int Model::threads() const { return impl_->threads; }

bool Model::forward(std::span<const Feed> feeds, const LogitsSink& sink, const ForwardOptions& options) {
  check_feeds(feeds, this, impl_->config.vocab_size, [](const Sequence& s) { return s.model_; });
  const int chunk = options.chunk > 0 ? options.chunk : default_chunk;

  // New tokens join their sequences now; those never computed leave again if this ends early.
  struct Restore {
    struct Entry {
      Sequence* sequence;
      int before;
    };
    std::vector<Entry> entries;
    ~Restore() {
      for (const auto& [sequence, before] : entries)
        if (sequence->cached_ < sequence->length()) sequence->truncate(std::max(before, sequence->cached_));
    }
  };
  Restore restore;
  std::vector<std::vector<Stretch>> stretches(feeds.size());
  std::size_t rounds = 0;
  int done = 0, total = 0;
  for (std::size_t f = 0; f < feeds.size(); ++f) {
    Sequence& sequence = *feeds[f].sequence;
    const int before = sequence.length(), after = before + static_cast<int>(feeds[f].tokens.size());
    if (before == after) continue;
    restore.entries.push_back({&sequence, before});
    sequence.tokens_.insert(sequence.tokens_.end(), feeds[f].tokens.begin(), feeds[f].tokens.end());
    sequence.cache_.reserve(after);

    int cached = sequence.cached_, epoch = sequence.rope_epoch_;
    int wanted = feeds[f].want == Want::all ? before : after - 1;
    for (; wanted < after; wanted = stretches[f].back().end) {
      const int end = std::min(after, impl_->rope.last_length(wanted + 1));
      const int needed = impl_->rope.epoch(wanted + 1);
      const int begin = needed == epoch ? cached : 0;
      const int wanted_from = feeds[f].want == Want::none ? after : wanted;
      stretches[f].push_back(
          {static_cast<int>(f), begin, end, wanted_from, needed, impl_->rope.frequencies(needed)});
      epoch = needed;
      cached = end;
      total += end - begin;
    }
    rounds = std::max(rounds, stretches[f].size());
  }

  std::vector<Row> rows;
  std::vector<TokenRun> runs;
  const auto run_chunk = [&] {
    if (rows.empty()) return true;
    if (!impl_->decoder.run(rows, runs, options.stop, options.observer)) return false;
    for (const TokenRun& run : runs) feeds[rows[run.row].feed].sequence->cached_ = run.position + run.tokens;
    while (const int count = impl_->decoder.next_logits())
      for (int i = 0; i < count; ++i) {
        const Row& row = rows[impl_->decoder.logits_row(i)];
        if (sink) sink(row.feed, row.position, impl_->decoder.logits(i));
      }
    done += static_cast<int>(rows.size());
    if (options.progress) options.progress(done, total);
    rows.clear();
    runs.clear();
    return true;
  };

  for (std::size_t round = 0; round < rounds; ++round) {
    for (const std::vector<Stretch>& of_feed : stretches) {
      if (round >= of_feed.size()) continue;
      const Stretch& stretch = of_feed[round];
      Sequence& sequence = *feeds[stretch.feed].sequence;
      sequence.rope_epoch_ = stretch.epoch;
      sequence.cached_ = stretch.begin;
      for (int position = stretch.begin; position < stretch.end;) {
        const int n = std::min(stretch.end - position, chunk - static_cast<int>(rows.size()));
        runs.push_back({&sequence.cache_, static_cast<int>(rows.size()), n, position});
        for (const int end = position + n; position < end; ++position)
          rows.push_back({stretch.feed, sequence.tokens_[position], position, &sequence.cache_,
                          &stretch.frequencies, position >= stretch.wanted_from});
        if (static_cast<int>(rows.size()) == chunk && !run_chunk()) return false;
      }
    }
    if (!run_chunk()) return false;
  }
  return true;
}

}  // namespace kelvin
