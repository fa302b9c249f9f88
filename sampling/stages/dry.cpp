// DRY, don't repeat yourself: a token that would extend a repetition of length L >= a loses m b^(L - a)
// (p-e-w 2024, text-generation-webui PR 5677). L is the longest suffix of the history that also stands
// directly before an earlier occurrence of the token; it does not reach past a sequence breaker.
#include <algorithm>

#include "sampling/stage.h"
#include "sampling/stages/history.h"
#include "sampling/stages/token_set.h"
#include "sampling/statistics/boltzmann.h"

namespace kelvin::sampling {

namespace {

// Tokens that hold a character which separates sequences.
std::vector<int> usual_breakers(const Vocabulary& vocabulary) {
  std::vector<int> ids;
  for (std::size_t id = 0; id < vocabulary.bytes.size(); ++id)
    if (vocabulary.bytes[id].find_first_of("\n:\"*") != std::string::npos)
      ids.push_back(static_cast<int>(id));
  return ids;
}

}  // namespace

std::shared_ptr<const void> prepare_dry(const Params& params, const Vocabulary& vocabulary) {
  const std::string_view breakers = params.text("breakers");
  std::vector<int> ids;
  if (breakers == "usual")
    ids = usual_breakers(vocabulary);
  else if (breakers != "none")
    ids = token_set(breakers, vocabulary);
  return std::make_shared<const std::vector<int>>(std::move(ids));
}

void dry(std::span<float> logits, const Params& params, const StageContext& step) {
  const double multiplier = params["multiplier"], log_base = log_exact(params["base"]);
  const int allowed = static_cast<int>(params["allowed"]);
  const auto window = history_window(step, params["last"]);
  if (multiplier == 0 || window.empty()) return;
  const auto& breakers = params.prepared<std::vector<int>>();
  const auto breaks = [&](int id) { return std::binary_search(breakers.begin(), breakers.end(), id); };
  const auto since_breaker =
      static_cast<int>(std::find_if(window.rbegin(), window.rend(), breaks) - window.rbegin());
  auto& lengths = step.scratch->ids;
  repeated_suffixes(window, lengths);
  auto& longest = step.scratch->counts;
  if (longest.size() < logits.size()) longest.resize(logits.size(), 0);
  const auto known = [&](int id) { return id >= 0 && static_cast<std::size_t>(id) < logits.size(); };
  const std::size_t n = window.size();
  for (std::size_t i = 1; i < n; ++i) {
    const int follower = window[n - i];
    if (!known(follower)) continue;
    auto& max = longest[static_cast<std::size_t>(follower)];
    max = std::max(max, static_cast<std::uint32_t>(std::min(lengths[i], since_breaker)));
  }
  for (const int id : window) {
    if (!known(id)) continue;
    const auto i = static_cast<std::size_t>(id);
    const int length = static_cast<int>(longest[i]);
    longest[i] = 0;
    if (length < allowed || length == 0 || breaks(id) || logits[i] == impossible) continue;
    const double loss = multiplier * exp_exact(static_cast<double>(length - allowed) * log_base);
    const double lowered = static_cast<double>(logits[i]) - loss;
    logits[i] =
        static_cast<float>(std::max(lowered, static_cast<double>(std::numeric_limits<float>::lowest())));
  }
}

}  // namespace kelvin::sampling
