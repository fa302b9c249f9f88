#include "tools/generation/continuation_writer.h"

#include <algorithm>

#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int common_prefix(std::span<const int> held, std::span<const int> prompt) {
  const auto [end, ignored] = std::mismatch(held.begin(), held.end(), prompt.begin(), prompt.end());
  return static_cast<int>(
      std::min<std::ptrdiff_t>(end - held.begin(), static_cast<std::ptrdiff_t>(prompt.size()) - 1));
}

ContinuationWriter::ContinuationWriter(Sequence& sequence, const Tokenizer& tokenizer,
                                       const ContinuationRequest& request)
    : sequence_(sequence),
      request_(request),
      text_(tokenizer, {.before = request.text_continues ? request.prompt : std::span<const int>(),
                        .stops = request.stop_texts,
                        .on_text = request.on_text,
                        .on_token_text = request.on_token_text}),
      tokens_(request.prompt.begin(), request.prompt.end()),
      start_(std::chrono::steady_clock::now()) {
  const std::size_t capacity = static_cast<std::size_t>(sequence.capacity());
  if (tokens_.empty()) throw UserError("the prompt is empty");
  if (tokens_.size() >= capacity)
    throw UserError("the prompt has " + std::to_string(tokens_.size()) + " tokens, the context holds " +
                    std::to_string(capacity) + ", one of them for the answer (--ctx)");
  result_.ending = Ending::interrupted;
  result_.prompt_tokens = static_cast<int>(tokens_.size());
  result_.cached = common_prefix(sequence.tokens(), tokens_);
  sequence.truncate(result_.cached);
}

std::span<const int> ContinuationWriter::next() const {
  return std::span(tokens_).subspan(static_cast<std::size_t>(sequence_.length()));
}

void ContinuationWriter::take(std::span<float> logits) {
  if (result_.ids.empty() && result_.prompt_seconds == 0) {
    result_.prompt_seconds = seconds_since(start_);
    start_ = std::chrono::steady_clock::now();
  }
  try {
    accept(draw(logits));
  } catch (const std::runtime_error&) {
    error_ = std::current_exception();
    done_ = true;
  }
}

Continuation ContinuationWriter::finish() {
  if (error_) std::rethrow_exception(error_);
  result_.text = text_.finish();
  (result_.ids.empty() ? result_.prompt_seconds : result_.decode_seconds) = seconds_since(start_);
  return std::move(result_);
}

// How many tokens may be drawn: the prompt and they have to fit the context.
int ContinuationWriter::limit() const {
  const int room = sequence_.capacity() - result_.prompt_tokens;
  return request_.max_tokens > 0 ? std::min(request_.max_tokens, room) : room;
}

double ContinuationWriter::share() const {
  return static_cast<double>(result_.ids.size()) / static_cast<double>(limit());
}

Step ContinuationWriter::step() const {
  return {tokens_, request_.prompt.size(), request_.seed, request_.stream};
}

int ContinuationWriter::draw(std::span<float> logits) {
  const bool judges = request_.log_probabilities;
  if (judges || request_.on_draw) raw_.assign(logits.begin(), logits.end());
  if (request_.memories) result_.memories.push_back(state_.values());
  const int id = request_.chain->sample(logits, step(), state_);
  if (request_.on_draw) request_.on_draw(request_.stream, raw_, id);
  if (judges) {
    result_.log_probabilities.push_back(log_probability(raw_, id));
    result_.chain_log_probabilities.push_back(log_probability(logits, id));
    if (request_.self_certainty) {
      const double log_z =
          static_cast<double>(raw_[static_cast<std::size_t>(id)]) - result_.log_probabilities.back();
      result_.self_certainties.push_back(self_certainty(raw_, log_z));
    }
    if (request_.alternatives > 0)
      result_.alternatives.push_back(view_distribution(raw_, request_.alternatives, 0).top);
  }
  return id;
}

void ContinuationWriter::accept(int id) {
  const int taken_back = request_.chain->accept(id, step(), state_);
  tokens_.push_back(id);
  result_.ids.push_back(id);
  if (taken_back > 0) return take_back(static_cast<std::size_t>(taken_back));
  const auto end = [&](Ending ending) {
    result_.ending = ending;
    done_ = true;
  };
  if (std::binary_search(request_.stops.begin(), request_.stops.end(), id)) return end(Ending::stop_token);
  text_.push(id, static_cast<std::size_t>(request_.chain->unsettled(step())),
             request_.log_probabilities ? result_.log_probabilities.back() : 0);
  if (text_.stopped()) return end(Ending::stop_text);
  const int drawn = static_cast<int>(result_.ids.size());
  if (drawn >= limit()) end(drawn == request_.max_tokens ? Ending::max_tokens : Ending::context_full);
}

// The sequence has to follow; its last token is run again for its logits.
void ContinuationWriter::take_back(std::size_t count) {
  const std::size_t left = result_.ids.size() - std::min(count, result_.ids.size());
  tokens_.resize(request_.prompt.size() + left);
  result_.ids.resize(left);
  if (request_.memories) result_.memories.resize(left);
  if (request_.log_probabilities) {
    result_.log_probabilities.resize(left);
    result_.chain_log_probabilities.resize(left);
    if (request_.self_certainty) result_.self_certainties.resize(left);
    if (request_.alternatives > 0) result_.alternatives.resize(left);
  }
  text_.rewrite(result_.ids);
  sequence_.truncate(static_cast<int>(tokens_.size()) - 1);
}

}  // namespace kelvin
