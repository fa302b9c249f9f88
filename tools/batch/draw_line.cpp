#include "tools/batch/draw_line.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string_view>

#include "loaders/json/json_writer.h"
#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/sha256.h"

namespace kelvin {

std::string run_of(const ModelOrigin& model, int context, const ContinuationRequest& request) {
  JsonWriter json;
  json.begin_object()
      .member("model", fingerprint(model))
      .member("hash", model.hash)
      .member("context", context);
  json.member("prompt", request.prompt).member("chain", request.chain->text());
  json.member("real_tokens", request.chain->real_tokens());
  json.member("non_finite", static_cast<int>(request.chain->non_finite())).member("seed", request.seed);
  json.member("n", request.max_tokens).member("stops", request.stops).member("texts", request.stop_texts);
  Sha256 hash;
  hash.update(std::as_bytes(std::span(json.end_object().text())));
  return hash.hex().substr(0, 16);
}

std::string draw_line(const Continuation& result, const ContinuationRequest& request,
                      std::optional<std::size_t> draw, const std::string& run) {
  JsonWriter json;
  json.begin_object();
  if (draw) json.member("draw", *draw);
  json.member("prompt_ids", request.prompt).member("ids", result.ids).member("text", result.text);
  json.member("logprobs", result.log_probabilities).member("chain_logprobs", result.chain_log_probabilities);
  json.member("stop", name_of(result.ending)).member("seed", request.seed);
  return json.member("chain", request.chain->text()).member("run", run).end_object().text();
}

void DrawStatistics::add(const Continuation& result) {
  const auto& each = result.log_probabilities;
  add(name_of(result.ending), result.ids.size(), each.size(), std::accumulate(each.begin(), each.end(), 0.0));
}

void DrawStatistics::add(JsonValue line) {
  const JsonValue each = line.at("logprobs");
  double sum = 0;
  for (const JsonValue value : each.items()) sum += value.as_double();
  add(line.at("stop").as_string(), line.at("ids").size(), each.size(), sum);
}

void DrawStatistics::add(std::string_view ending, std::size_t tokens, std::size_t judged, double log_p) {
  ++draws_;
  tokens_ += tokens;
  const auto known = std::find_if(endings_.begin(), endings_.end(),
                                  [&](const Count& count) { return count.ending == ending; });
  known == endings_.end() ? endings_.push_back({std::string(ending), 1}) : void(++known->draws);
  const double n = static_cast<double>(judged);
  log_p_ += log_p;
  judged_ += n;
  squares_ += log_p * log_p;
  products_ += log_p * n;
  judged_squares_ += n * n;
}

std::string DrawStatistics::text() const {
  std::string text =
      std::to_string(draws_) + (draws_ == 1 ? " draw, " : " draws, ") + std::to_string(tokens_) + " tokens";
  std::vector<Count> endings = endings_;
  std::sort(endings.begin(), endings.end(),
            [](const Count& a, const Count& b) { return a.ending < b.ending; });
  for (std::size_t i = 0; i < endings.size(); ++i)
    text += (i == 0 ? ": " : ", ") + std::to_string(endings[i].draws) + " " + endings[i].ending;
  if (judged_ == 0) return text;
  const double mean = log_p_ / judged_, count = static_cast<double>(draws_);
  text += formatted("; mean ln p %.4f", mean);
  // Of a ratio of two sums (Cochran 1977, 2.46): the spread of l - mean n.
  const double spread = std::max(0.0, squares_ - 2 * mean * products_ + mean * mean * judged_squares_);
  if (draws_ > 1) text += formatted(" +- %.2g", std::sqrt(spread * count / (count - 1)) / judged_);
  return text + formatted(" (perplexity %.4g)", exp_exact(-mean));
}

}  // namespace kelvin
