#include "tools/generation/continuation.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <stdexcept>

#include "tools/generation/continuation_writer.h"

namespace kelvin {

std::string_view name_of(Ending ending) {
  switch (ending) {
    case Ending::stop_token:
      return "eos";
    case Ending::stop_text:
      return "stop";
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
  ContinuationWriter writer(sequence, tokenizer, request);
  ForwardOptions options;
  options.chunk = request.chunk;
  options.stop = request.stop;
  options.progress = request.on_prompt;
  std::vector<float> logits(static_cast<std::size_t>(model.config().vocab_size));
  const LogitsSink keep = [&](int, int, std::span<const float> z) {
    std::copy(z.begin(), z.end(), logits.begin());
  };
  while (!writer.done()) {
    const Feed feed{&sequence, writer.next(), Want::last};
    const bool computed = model.forward({&feed, 1}, keep, options);
    if (!computed || (request.stop && request.stop->load(std::memory_order_relaxed))) break;
    options.progress = nullptr;
    writer.take(logits);
  }
  return writer.finish();
}

std::vector<Continuation> continue_prompt_often(Model& model, Sequence& sequence, const Tokenizer& tokenizer,
                                                const ContinuationRequest& request, int n_draws) {
  if (n_draws < 1) throw std::invalid_argument("no draw was asked for");
  if (n_draws == 1) return {continue_prompt(model, sequence, tokenizer, request)};
  std::vector<ContinuationRequest> requests(static_cast<std::size_t>(n_draws), request);
  for (std::size_t i = 0; i < requests.size(); ++i) requests[i].stream += i;
  std::deque<ContinuationWriter> writers;
  writers.emplace_back(sequence, tokenizer, requests[0]);
  const auto stopped = [&] { return request.stop && request.stop->load(std::memory_order_relaxed); };
  ForwardOptions options;
  options.chunk = request.chunk;
  options.stop = request.stop;
  options.progress = request.on_prompt;

  // All but the last token of the prompt are run once, then every draw has its own copy.
  const std::span<const int> missing = writers[0].next();
  const Feed shared{&sequence, missing.first(missing.size() - 1), Want::none};
  bool goes_on = missing.size() == 1 || model.forward({&shared, 1}, {}, options);
  options.progress = nullptr;
  std::vector<Sequence> forks;
  forks.reserve(requests.size() - 1);
  std::vector<Sequence*> sequences = {&sequence};
  for (std::size_t i = 1; i < requests.size(); ++i) {
    sequences.push_back(&forks.emplace_back(sequence.fork()));
    writers.emplace_back(*sequences[i], tokenizer, requests[i]);
  }
  std::vector<std::vector<float>> logits(requests.size());  // (draws, vocabulary)
  while (goes_on && !stopped()) {
    std::vector<std::size_t> open;
    std::vector<Feed> feeds;
    for (std::size_t i = 0; i < writers.size(); ++i) {
      if (writers[i].done()) continue;
      open.push_back(i);
      feeds.push_back({sequences[i], writers[i].next(), Want::last});
    }
    if (open.empty()) break;
    const LogitsSink keep = [&](int feed, int, std::span<const float> z) {
      logits[open[static_cast<std::size_t>(feed)]].assign(z.begin(), z.end());
    };
    goes_on = model.forward(feeds, keep, options);
    if (!goes_on || stopped()) break;
    for (const std::size_t i : open) writers[i].take(logits[i]);
  }
  std::vector<Continuation> results;
  for (ContinuationWriter& writer : writers) results.push_back(writer.finish());
  return results;
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
