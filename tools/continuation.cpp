#include "tools/continuation.h"

#include <algorithm>
#include <limits>

#include "tools/continuation_writer.h"

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

std::vector<float> logits_after(Model& model, Sequence& sequence, std::span<const int> tokens) {
  const int held = common_prefix(sequence.tokens(), tokens);
  sequence.truncate(held);
  std::vector<float> logits;
  const Feed feed{&sequence, tokens.subspan(static_cast<std::size_t>(held)), Want::last};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> z) { logits.assign(z.begin(), z.end()); });
  return logits;
}

}  // namespace kelvin
