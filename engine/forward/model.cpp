#include "engine/forward/model.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "engine/forward/decoder.h"
#include "engine/forward/kv_cache.h"
#include "engine/forward/rope_set.h"
#include "engine/kernels/kernels.h"
#include "engine/platform/available_processors.h"
#include "engine/weights/config.h"
#include "engine/weights/shape_check.h"
#include "engine/weights/weights.h"

namespace kelvin {
namespace {

using engine::Decoder, engine::KvCache, engine::RopeSet, engine::Row, engine::TokenRun;

// Positions of one feed that can be computed together: they share their RoPE frequencies.
struct Segment {
  int feed;
  int begin, end;   // positions to compute
  int wanted_from;  // the first position whose logits are wanted
  int frequency_set;
  RopeSet::Frequencies frequencies;
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
        ropes(config.ropes),
        kv(options.kv),
        decoder(config, weights, kernels, ropes, kv, threads) {}

  class Forward;

  ModelConfig config;
  Weights weights;
  const Kernels& kernels;
  int threads;
  RopeSet ropes;
  KvStorage kv;
  Decoder decoder;
};

// One call of Model::forward: feeds become segments, segments fill chunks, chunks pass the decoder.
class Model::Impl::Forward {
 public:
  Forward(Impl& model, std::span<const Feed> feeds, const LogitsSink& sink, const ForwardOptions& options)
      : model_(model),
        feeds_(feeds),
        sink_(sink),
        options_(options),
        chunk_(options.chunk > 0 ? options.chunk : default_chunk),
        segments_(feeds.size()),
        lengths_before_(feeds.size()) {
    for (std::size_t f = 0; f < feeds.size(); ++f) lengths_before_[f] = feeds[f].sequence->length();
  }

  // Tokens that joined their sequence but were never computed leave it again.
  ~Forward() {
    for (std::size_t f = 0; f < feeds_.size(); ++f) {
      Sequence& sequence = *feeds_[f].sequence;
      if (sequence.cached_ < sequence.length())
        sequence.truncate(std::max(lengths_before_[f], sequence.cached_));
    }
  }
  Forward(const Forward&) = delete;
  Forward& operator=(const Forward&) = delete;

  bool run() {
    for (std::size_t f = 0; f < feeds_.size(); ++f) append(static_cast<int>(f));
    std::size_t rounds = 0;
    for (const std::vector<Segment>& of_feed : segments_) rounds = std::max(rounds, of_feed.size());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (const std::vector<Segment>& of_feed : segments_)
        if (round < of_feed.size() && !add(of_feed[round])) return false;
      if (!run_chunk()) return false;
    }
    return true;
  }

 private:
  // Lets the feed's tokens join their sequence and cuts what must be computed into segments.
  void append(int f) {
    const Feed& feed = feeds_[f];
    Sequence& sequence = *feed.sequence;
    const int before = sequence.length(), after = before + static_cast<int>(feed.tokens.size());
    if (before == after) return;
    sequence.tokens_.insert(sequence.tokens_.end(), feed.tokens.begin(), feed.tokens.end());
    sequence.cache_->reserve(after);

    int cached = sequence.cached_, set = sequence.frequency_set_;
    int wanted = feed.want == Want::all ? before : after - 1;
    while (wanted < after) {
      const int end = std::min(after, model_.ropes.last_length(wanted + 1));
      const int needed = model_.ropes.frequency_set(wanted + 1);
      const int begin = needed == set ? cached : 0;
      const int wanted_from = feed.want == Want::none ? after : wanted;
      segments_[f].push_back({f, begin, end, wanted_from, needed, model_.ropes.frequencies(needed)});
      total_ += end - begin;
      set = needed;
      wanted = cached = end;
    }
  }

  bool add(const Segment& segment) {
    Sequence& sequence = *feeds_[segment.feed].sequence;
    sequence.frequency_set_ = segment.frequency_set;
    sequence.cached_ = segment.begin;
    for (int position = segment.begin; position < segment.end;) {
      const int row = static_cast<int>(rows_.size()), n = std::min(segment.end - position, chunk_ - row);
      runs_.push_back({sequence.cache_.get(), row, n, position});
      for (const int end = position + n; position < end; ++position)
        rows_.push_back({segment.feed, sequence.tokens_[position], position, sequence.cache_.get(),
                         &segment.frequencies, position >= segment.wanted_from});
      if (row + n == chunk_ && !run_chunk()) return false;
    }
    return true;
  }

  bool run_chunk() {
    if (rows_.empty()) return true;
    if (!model_.decoder.run(rows_, runs_, options_)) return false;
    for (const TokenRun& run : runs_)
      feeds_[rows_[run.row].feed].sequence->cached_ = run.position + run.tokens;
    while (const int count = model_.decoder.next_logits())
      for (int i = 0; i < count; ++i) {
        const Row& row = rows_[model_.decoder.logits_row(i)];
        if (sink_) sink_(row.feed, row.position, model_.decoder.logits(i));
      }
    done_ += static_cast<int>(rows_.size());
    if (options_.progress) options_.progress(done_, total_);
    rows_.clear();
    runs_.clear();
    return true;
  }

  Impl& model_;
  std::span<const Feed> feeds_;
  const LogitsSink& sink_;
  const ForwardOptions& options_;
  int chunk_;
  std::vector<std::vector<Segment>> segments_;  // per feed
  std::vector<int> lengths_before_;             // per feed
  std::vector<Row> rows_;                       // of the chunk being filled
  std::vector<TokenRun> runs_;
  int done_ = 0, total_ = 0;  // rows
};

Sequence::Sequence(const Model& model, int capacity)
    : model_(&model), capacity_(capacity), cache_(std::make_unique<KvCache>(model.kv_shape())) {
  if (capacity < 0) throw std::invalid_argument("sequence: negative capacity");
}

Sequence::Sequence(Sequence&& other) noexcept = default;
Sequence& Sequence::operator=(Sequence&& other) noexcept = default;
Sequence::~Sequence() = default;

void Sequence::truncate(int length) {
  if (length < 0 || length > this->length())
    throw std::invalid_argument("truncate: " + std::to_string(length) + " is outside [0, " +
                                std::to_string(this->length()) + "]");
  tokens_.resize(static_cast<std::size_t>(length));
  cached_ = std::min(cached_, length);
}

Sequence Sequence::fork() const {
  Sequence same(*model_, capacity_);
  same.tokens_ = tokens_;
  *same.cache_ = cache_->copy();
  same.cached_ = cached_;
  same.frequency_set_ = frequency_set_;
  return same;
}

Model::Model(ModelConfig config, Weights weights, ModelOptions options)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(weights), options)) {}
Model::~Model() = default;

const ModelConfig& Model::config() const { return impl_->config; }
const Weights& Model::weights() const { return impl_->weights; }
const Kernels& Model::kernels() const { return impl_->kernels; }
KvShape Model::kv_shape() const {
  const ModelConfig& c = impl_->config;
  return {c.n_layers, c.n_kv_heads, c.head_dim, impl_->kv};
}
int Model::threads() const { return impl_->threads; }
ThreadTeam& Model::team() { return impl_->decoder.team(); }

bool Model::forward(std::span<const Feed> feeds, const LogitsSink& sink, const ForwardOptions& options) {
  check_feeds(feeds, this, impl_->config.vocab_size, [](const Sequence& s) { return s.model_; });
  return Impl::Forward(*impl_, feeds, sink, options).run();
}

void Model::read_out(std::span<const float> hidden,
                     const std::function<void(std::size_t row, std::span<const float> logits)>& sink) {
  const auto width = static_cast<std::size_t>(impl_->config.hidden_size);
  if (hidden.size() % width != 0)
    throw std::invalid_argument("read_out: rows of " + std::to_string(width) + " numbers expected, " +
                                std::to_string(hidden.size()) + " numbers found");
  Decoder& decoder = impl_->decoder;
  const std::size_t rows = hidden.size() / width;
  for (std::size_t first = 0; first < rows; first += default_chunk) {
    const std::size_t n = std::min(rows - first, static_cast<std::size_t>(default_chunk));
    decoder.read_out(hidden.subspan(first * width, n * width), static_cast<int>(n));
    while (const int count = decoder.next_logits())
      for (int i = 0; i < count; ++i)
        sink(first + static_cast<std::size_t>(decoder.logits_row(i)), decoder.logits(i));
  }
}

}  // namespace kelvin
