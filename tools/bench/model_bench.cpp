#include "tools/bench/model_bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "engine/weights/config.h"
#include "sampling/chain.h"
#include "sampling/settings.h"
#include "tools/output/sha256.h"

namespace kelvin {
namespace {

std::vector<int> bench_ids(int count, int vocab_size, int sequence) {
  std::vector<int> ids(static_cast<std::size_t>(count));
  std::uint64_t state = 300 + static_cast<std::uint64_t>(sequence);
  for (int& id : ids) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    id = static_cast<int>((state >> 33) % static_cast<std::uint64_t>(vocab_size));
  }
  return ids;
}

class ModelTimer {
 public:
  ModelTimer(Model& model, const BenchSize& size, bool parts, const std::function<void(int, int)>& progress)
      : model_(model), size_(size), parts_(parts), progress_(progress) {
    const int longest = std::max(size.prefill, size.before_decode()) + size.decode;
    for (int s = 0; s < size.sequences; ++s) ids_.push_back(bench_ids(longest, model.config().vocab_size, s));
    // The prompt is the first sequence's beginning, unless that has to be another length.
    const int filled = size.sequences - (size.context == 0 ? 1 : 0);
    total_ = warm_up_tokens() + filled * size.before_decode() +
             size.repeat * (size.prefill + size.sequences * size.decode);
  }

  BenchFigures run() {
    BenchFigures best{
        std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), "", {}, {}};
    warm_up();
    for (int repetition = 0; repetition < size_.repeat; ++repetition) {
      sha_ = {};
      prefill(best);
      fill();
      decode(best);
      best.logits_sha256 = sha_.hex();
    }
    return best;
  }

 private:
  // Runs feeds and returns the seconds; the first one's last logits join the hash.
  double forward(const std::vector<Feed>& feeds, PartTimes* times) {
    logits_.clear();
    const LogitsSink keep = [&](int, int, std::span<const float> z) {
      logits_.emplace_back(z.begin(), z.end());
    };
    ForwardOptions options;
    options.times = times;
    // A long one reports as it goes.
    const int before = done_;
    options.progress = [&](int done, int) { progress_(before + done, total_); };
    const auto start = std::chrono::steady_clock::now();
    model_.forward(feeds, keep, options);
    const double seconds = seconds_since(start);
    for (const Feed& feed : feeds) done_ += static_cast<int>(feed.tokens.size());
    return seconds;
  }

  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  Feed feed(Sequence& sequence, int s, int first, int count, Want want) const {
    return {&sequence,
            std::span(ids_[static_cast<std::size_t>(s)])
                .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
            want};
  }

  // How fast a system hands out fresh pages, and reads a mapped file for the first time, is not measured.
  int warm_up_tokens() const { return std::min(size_.prefill, 512); }
  void warm_up() {
    prompt_.emplace(model_, size_.prefill + size_.decode);
    forward({feed(*prompt_, 0, 0, warm_up_tokens(), Want::last)}, nullptr);
  }

  void prefill(BenchFigures& best) {
    // Its cache is that of the warm-up or of the last repetition.
    if (size_.context == 0 && !sequences_.empty()) {
      prompt_.emplace(std::move(sequences_.front()));
      sequences_.erase(sequences_.begin());
    } else if (!prompt_) {
      prompt_.emplace(model_, size_.prefill + size_.decode);
    }
    prompt_->truncate(0);
    PartTimes parts{};
    const double seconds =
        forward({feed(*prompt_, 0, 0, size_.prefill, Want::last)}, parts_ ? &parts : nullptr);
    sha_.update(logits_.front());
    if (seconds >= best.prefill_seconds) return;
    best.prefill_seconds = seconds;
    best.prefill_parts = parts;
  }

  // Brings every sequence to where decoding starts.
  void fill() {
    const int start = size_.before_decode();
    for (Sequence& sequence : sequences_) sequence.truncate(start);
    if (size_.context == 0) {
      sequences_.insert(sequences_.begin(), std::move(*prompt_));
      prompt_.reset();
    }
    while (static_cast<int>(sequences_.size()) < size_.sequences) {
      const int s = static_cast<int>(sequences_.size());
      sequences_.emplace_back(model_, start + size_.decode);
      forward({feed(sequences_.back(), s, 0, start, Want::none)}, nullptr);
    }
  }

  void decode(BenchFigures& best) {
    PartTimes parts{};
    double seconds = 0, sampling = 0;
    for (int i = 0; i < size_.decode; ++i) {
      std::vector<Feed> feeds;
      for (int s = 0; s < size_.sequences; ++s)
        feeds.push_back(
            feed(sequences_[static_cast<std::size_t>(s)], s, size_.before_decode() + i, 1, Want::last));
      seconds += forward(feeds, parts_ ? &parts : nullptr);
      sha_.update(logits_.front());
      if (parts_) sampling += sample();
    }
    if (seconds >= best.decode_seconds) return;
    best.decode_seconds = seconds;
    best.decode_parts = parts;
    best.sampling_seconds = sampling;
  }

  // Seconds of drawing a token from each of the logits.
  double sample() {
    static const Chain chain = SamplerSettings().chain();
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t s = 0; s < logits_.size(); ++s) {
      ChainState state;
      chain.sample(logits_[s], {sequences_[s].tokens()}, state);
    }
    return seconds_since(start);
  }

  Model& model_;
  const BenchSize& size_;
  bool parts_;
  const std::function<void(int, int)>& progress_;
  std::vector<std::vector<int>> ids_;  // per sequence
  std::optional<Sequence> prompt_;
  std::vector<Sequence> sequences_;         // those that are decoded
  std::vector<std::vector<float>> logits_;  // of the last forward, per feed
  Sha256 sha_;
  int done_ = 0, total_ = 0;  // tokens
};

}  // namespace

BenchFigures run_bench(Model& model, const BenchSize& size, bool parts,
                       const std::function<void(int, int)>& progress) {
  return ModelTimer(model, size, parts, progress).run();
}

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace kelvin
