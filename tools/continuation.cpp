#include "tools/continuation.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>

#include "engine/generate.h"
#include "tools/report/token_view.h"

namespace kelvin {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// How many tokens of `prompt` the sequence holds already; at least the last one has to be run for its logits.
int common_prefix(std::span<const int> held, std::span<const int> prompt) {
  const auto [end, ignored] = std::mismatch(held.begin(), held.end(), prompt.begin(), prompt.end());
  return static_cast<int>(
      std::min<std::ptrdiff_t>(end - held.begin(), static_cast<std::ptrdiff_t>(prompt.size()) - 1));
}

// The longest text that a stage may take back once it is complete; 0: none is taken back.
std::size_t longest_banned_text(const Chain& chain) {
  std::size_t longest = 0;
  for (const Chain::Link& link : chain.links())
    if (link.type.name == "string-ban") longest = std::max(longest, link.params.text("text").size());
  return longest;
}

// Ids as text, from whole characters on. What may still be taken back is not shown yet.
class TextOutput {
 public:
  TextOutput(const Tokenizer& tokenizer, const ContinuationRequest& request)
      : tokenizer_(tokenizer),
        request_(request),
        decoder_(begin()),
        revocable_(std::max<std::size_t>(longest_banned_text(*request.chain), 1) - 1) {}

  void push(int id) {
    text_ += decoder_.push(id);
    bytes_ += tokenizer_.bytes(id).size();
    ends_.push_back({bytes_, text_.size()});
    // A banned text that the next token completes began in the last `revocable_` bytes: tokens that end
    // before them stay.
    std::size_t final_text = shown_;
    for (auto end = ends_.rbegin(); end != ends_.rend(); ++end)
      if (end->bytes + revocable_ <= bytes_) {
        final_text = std::max(final_text, end->text);
        break;
      }
    show(final_text);
  }
  // Begins again with `ids`: those shown already, and perhaps more.
  void rewrite(std::span<const int> ids) {
    decoder_ = begin();
    text_.clear();
    ends_.clear();
    bytes_ = 0;
    for (const int id : ids) push(id);
  }
  std::string finish() {
    text_ += decoder_.finish();
    show(text_.size());
    return std::move(text_);
  }

 private:
  struct End {
    std::size_t bytes, text;  // of all tokens up to this one
  };

  StreamDecoder begin() const {
    StreamDecoder decoder(tokenizer_, false);
    if (request_.text_continues)
      for (const int id : request_.prompt) decoder.push(id);
    return decoder;
  }
  void show(std::size_t end) {
    if (end <= shown_) return;
    if (request_.on_text) request_.on_text(std::string_view(text_).substr(shown_, end - shown_));
    shown_ = end;
  }

  const Tokenizer& tokenizer_;
  const ContinuationRequest& request_;
  StreamDecoder decoder_;
  std::size_t revocable_;  // bytes
  std::string text_;
  std::vector<End> ends_;
  std::size_t bytes_ = 0, shown_ = 0;
};

class Writer {
 public:
  Writer(Model& model, Sequence& sequence, const Tokenizer& tokenizer, const ContinuationRequest& request)
      : model_(model),
        sequence_(sequence),
        request_(request),
        output_(tokenizer, request),
        tokens_(request.prompt.begin(), request.prompt.end()) {}

  Continuation write() {
    start_ = Clock::now();
    result_.prompt_tokens = static_cast<int>(tokens_.size());
    result_.cached = common_prefix(sequence_.tokens(), tokens_);
    GenerateEnd end = run_from(result_.cached);
    while (rewound_) end = run_from(static_cast<int>(tokens_.size()) - 1);
    result_.ending = ending_of(end);
    result_.text = output_.finish();
    (result_.ids.empty() ? result_.prompt_seconds : result_.decode_seconds) = seconds_since(start_);
    return std::move(result_);
  }

 private:
  // Goes on after tokens_, of which the sequence holds the first `held`.
  GenerateEnd run_from(int held) {
    sequence_.truncate(held);
    rewound_ = false;
    GenerateOptions options;
    options.max_tokens = limit() - static_cast<int>(result_.ids.size());
    options.stop_tokens = request_.stops;
    options.stop = request_.stop;
    options.chunk = request_.chunk;
    if (result_.ids.empty()) options.prompt_progress = request_.on_prompt;
    const std::vector<int> tokens(tokens_.begin() + held, tokens_.end());
    return generate(
               model_, sequence_, tokens, [this](std::span<float> logits, int) { return draw(logits); },
               [this](int id) { return take(id); }, options)
        .end;
  }

  // How many tokens may be drawn: the prompt and they have to fit the context.
  int limit() const {
    const int room = sequence_.capacity() - result_.prompt_tokens;
    return request_.most_tokens > 0 ? std::min(request_.most_tokens, room) : room;
  }

  int draw(std::span<float> logits) {
    if (result_.ids.empty() && result_.prompt_seconds == 0) {
      result_.prompt_seconds = seconds_since(start_);
      start_ = Clock::now();
    }
    if (request_.log_probabilities) raw_.assign(logits.begin(), logits.end());
    result_.memories.push_back(state_.values());
    const int id = request_.chain->sample(logits, step(), state_);
    if (request_.log_probabilities) {
      result_.log_probabilities.push_back(log_probability(raw_, id));
      result_.chain_log_probabilities.push_back(log_probability(logits, id));
    }
    return id;
  }

  // False where a stage takes tokens back: the sequence has to follow.
  bool take(int id) {
    const int taken_back = request_.chain->accept(id, step(), state_);
    tokens_.push_back(id);
    result_.ids.push_back(id);
    if (taken_back > 0) {
      take_back(static_cast<std::size_t>(taken_back));
      return false;
    }
    if (!std::binary_search(request_.stops.begin(), request_.stops.end(), id)) output_.push(id);
    return true;
  }

  void take_back(std::size_t count) {
    const std::size_t left = result_.ids.size() - std::min(count, result_.ids.size());
    tokens_.resize(request_.prompt.size() + left);
    result_.ids.resize(left);
    result_.memories.resize(left);
    if (request_.log_probabilities) {
      result_.log_probabilities.resize(left);
      result_.chain_log_probabilities.resize(left);
    }
    output_.rewrite(result_.ids);
    rewound_ = true;
  }

  Step step() const {
    Step step;
    step.tokens = tokens_;
    step.n_prompt = request_.prompt.size();
    step.seed = request_.seed;
    step.stream = request_.stream;
    return step;
  }

  Ending ending_of(GenerateEnd end) const {
    switch (end) {
      case GenerateEnd::stop_token:
        return Ending::stop_token;
      case GenerateEnd::interrupted:
        return Ending::interrupted;
      case GenerateEnd::context_full:
        return Ending::context_full;
      case GenerateEnd::max_tokens:
        break;
    }
    const bool asked_for = static_cast<int>(result_.ids.size()) == request_.most_tokens;
    return asked_for ? Ending::most_tokens : Ending::context_full;
  }

  Model& model_;
  Sequence& sequence_;
  const ContinuationRequest& request_;
  TextOutput output_;
  std::vector<int> tokens_;  // prompt and drawn
  std::vector<float> raw_;   // (vocabulary,) before the chain
  ChainState state_;
  Continuation result_;
  Clock::time_point start_;
  bool rewound_ = false;
};

}  // namespace

std::string_view name_of(Ending ending) {
  switch (ending) {
    case Ending::stop_token:
      return "eos";
    case Ending::most_tokens:
      return "length";
    case Ending::context_full:
      return "context";
    case Ending::interrupted:
      return "interrupted";
  }
  return "";
}

double Continuation::mean_log_probability() const {
  if (log_probabilities.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const double value : log_probabilities) sum += value;
  return sum / static_cast<double>(log_probabilities.size());
}

Continuation continue_prompt(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                             const ContinuationRequest& request) {
  const std::size_t capacity = static_cast<std::size_t>(sequence.capacity());
  if (request.prompt.empty()) throw std::invalid_argument("the prompt is empty");
  if (request.prompt.size() >= capacity)
    throw std::invalid_argument("the prompt has " + std::to_string(request.prompt.size()) +
                                " tokens, the context holds " + std::to_string(capacity) +
                                ", one of them for the answer (--ctx)");
  return Writer(model, sequence, tokenizer, request).write();
}

std::vector<float> logits_after(Model& model, Sequence& sequence, std::span<const int> tokens) {
  const int held = common_prefix(sequence.tokens(), tokens);
  sequence.truncate(held);
  std::vector<float> logits;
  const Feed feed{&sequence, tokens.subspan(static_cast<std::size_t>(held)), Want::last};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { logits.assign(z.begin(), z.end()); });
  return logits;
}

}  // namespace kelvin
