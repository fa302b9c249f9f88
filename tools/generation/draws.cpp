#include "tools/generation/draws.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "engine/forward/kv_cache.h"
#include "engine/platform/available_memory.h"
#include "engine/weights/config.h"

namespace kelvin {
namespace {

// A place in the model, for one draw after another: a sequence keeps the prompt.
struct Slot {
  explicit Slot(Sequence& own) : sequence(own) {}

  void begin(const Tokenizer& tokenizer, const ContinuationRequest& common, std::size_t number) {
    draw = number;
    request = common;
    request.stream += number;
    writer.emplace(sequence, tokenizer, request);
  }

  Sequence& sequence;
  std::size_t draw = 0;
  ContinuationRequest request;
  std::optional<ContinuationWriter> writer;
};

class Draws {
 public:
  Draws(Model& model, Sequence& sequence, const Tokenizer& tokenizer, const ContinuationRequest& request,
        std::span<const std::size_t> draws, const DrawOptions& options, const DrawSink& sink)
      : tokenizer_(tokenizer),
        request_(request),
        draws_(draws),
        options_(options),
        sink_(sink),
        loop_(model, options.loop),
        sequence_(sequence) {}

  bool run() {
    if (draws_.empty()) return true;
    begin(slots_.emplace_back(sequence_));
    // A single one needs no sequence that holds the prompt alone.
    bool goes_on = draws_.size() == 1 || loop_.read_prompt(*slots_.front().writer);
    const std::size_t width = std::min(static_cast<std::size_t>(options_.width), draws_.size());
    forks_.reserve(width);  // slots refer to them
    while (goes_on && slots_.size() < width)
      begin(slots_.emplace_back(forks_.emplace_back(sequence_.fork())));
    while (goes_on && !loop_.empty()) {
      goes_on = loop_.step();
      close_done();
      report();
    }
    for (Slot& slot : slots_)
      if (slot.writer) sink_(slot.draw, slot.writer->finish());
    return goes_on;
  }

 private:
  void begin(Slot& slot) {
    slot.begin(tokenizer_, request_, draws_[next_++]);
    loop_.add(*slot.writer);
  }

  // All that are done are told before an error is thrown, and before others begin.
  void close_done() {
    std::exception_ptr error;
    for (Slot& slot : slots_) {
      if (!slot.writer || !slot.writer->done()) continue;
      if (slot.writer->error()) {
        error = slot.writer->error();
        continue;
      }
      Continuation result = slot.writer->finish();
      slot.writer.reset();
      ++done_;
      sink_(slot.draw, std::move(result));
    }
    if (error) std::rethrow_exception(error);
    for (Slot& slot : slots_)
      if (!slot.writer && next_ < draws_.size()) begin(slot);
  }

  void report() const {
    if (!options_.progress) return;
    double done = static_cast<double>(done_);
    for (const Slot& slot : slots_)
      if (slot.writer) done += slot.writer->share();
    options_.progress(done, static_cast<double>(draws_.size()));
  }

  const Tokenizer& tokenizer_;
  const ContinuationRequest& request_;
  std::span<const std::size_t> draws_;
  const DrawOptions& options_;
  const DrawSink& sink_;
  GenerationLoop loop_;
  Sequence& sequence_;
  std::vector<Sequence> forks_;
  std::deque<Slot> slots_;
  std::size_t next_ = 0, done_ = 0;  // of draws_
};

}  // namespace

bool draw_continuations(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                        const ContinuationRequest& request, std::span<const std::size_t> draws,
                        const DrawOptions& options, const DrawSink& sink) {
  if (options.width < 1) throw std::invalid_argument("no place for a draw");
  return Draws(model, sequence, tokenizer, request, draws, options, sink).run();
}

std::size_t draw_bytes(const Model& model, int positions) {
  // Logits, a copy before the chain, and what stages sort.
  constexpr std::size_t rows = 6;
  return engine::KvCache::bytes_for(model.kv_shape(), positions) +
         rows * sizeof(float) * static_cast<std::size_t>(model.config().vocab_size);
}

int draws_side_by_side(const Model& model, int positions, std::size_t draws, int asked) {
  constexpr std::size_t widest = 32;
  const std::size_t each = draw_bytes(model, positions);
  if (asked > 0) {
    const std::size_t wanted = std::min(static_cast<std::size_t>(asked), draws);
    require_memory(each * wanted, std::to_string(wanted) + " continuations side by side");
    return static_cast<int>(std::max<std::size_t>(1, wanted));
  }
  const std::size_t fitting = available_memory().bytes / 5 * 4 / each;
  return static_cast<int>(std::clamp<std::size_t>(std::min(fitting, draws), 1, widest));
}

}  // namespace kelvin
