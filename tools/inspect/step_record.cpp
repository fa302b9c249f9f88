#include "tools/inspect/step_record.h"

#include <algorithm>
#include <array>
#include <limits>

#include "sampling/statistics/boltzmann.h"
#include "sampling/statistics/temperature_fit.h"

namespace kelvin {
namespace {

constexpr int lens_top = 3;  // likeliest tokens of each layer

constexpr std::array<double, 14> lucks = {0.0, 0.3, 0.5,      0.7,  1.0,  1.3,  1.7,
                                          2.5, 5.0, infinity, -5.0, -1.0, -0.3, -0.0};

// The possible ids, likeliest first; equal logits by id.
std::vector<int> order_of(std::span<const float> logits) {
  std::vector<int> order;
  order.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] != impossible) order.push_back(static_cast<int>(i));
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const float za = logits[static_cast<std::size_t>(a)], zb = logits[static_cast<std::size_t>(b)];
    return za > zb || (za == zb && a < b);
  });
  return order;
}

std::vector<std::uint32_t> ranks_of(std::span<const int> order, std::size_t vocabulary) {
  std::vector<std::uint32_t> ranks(vocabulary, 0);
  for (std::size_t i = 0; i < order.size(); ++i)
    ranks[static_cast<std::size_t>(order[i])] = static_cast<std::uint32_t>(i + 1);
  return ranks;
}

std::vector<ListedToken> listed_tokens(std::span<const float> raw, std::span<const float> processed, int ends,
                                       std::optional<int> observed, int drawn) {
  const std::vector<int> order = order_of(raw), chain_order = order_of(processed);
  const std::vector<std::uint32_t> ranks = ranks_of(order, raw.size()),
                                   chain_ranks = ranks_of(chain_order, raw.size());
  std::vector<int> ids = {drawn};
  if (observed) ids.push_back(*observed);
  for (const std::vector<int>* list : {&order, &chain_order}) {
    const auto n = std::min(static_cast<std::ptrdiff_t>(list->size()), std::ptrdiff_t{ends});
    ids.insert(ids.end(), list->begin(), list->begin() + n);
    ids.insert(ids.end(), list->end() - n, list->end());
  }
  // Impossible ones (the observed token may be) come last.
  const auto place = [&](int id) { return ranks[static_cast<std::size_t>(id)] - 1u; };
  std::sort(ids.begin(), ids.end(),
            [&](int a, int b) { return place(a) != place(b) ? place(a) < place(b) : a < b; });
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const Thermo chain = thermo(processed, 1.0);
  std::vector<ListedToken> listed;
  for (const int id : ids) {
    const auto i = static_cast<std::size_t>(id);
    listed.push_back({id, raw[i], static_cast<float>(chain.log_p(processed[i])), ranks[i], chain_ranks[i]});
  }
  return listed;
}

TokenJudgement judge(std::span<const float> logits, int id, const Thermo& at_one) {
  const float z = logits[static_cast<std::size_t>(id)];
  TokenJudgement judgement{at_one.log_p(z), rank_of(logits, id), 0, 0};
  if (judgement.rank > 0) judgement.rank_from_end = at_one.possible + 1 - judgement.rank;
  const ObservedStep step{DensityOfStates(logits), z};
  judgement.beta = fit_temperature({&step, 1}).beta;
  return judgement;
}

// The stage that removed the likeliest token, or else moved the odds to the one drawn.
std::string decider(const Why& why, const Trace& trace) {
  if (why.drawn.id == why.greedy.id) return "the model's first choice";
  const int stage = why.removed_by >= 0 ? why.removed_by : why.favoured_by;
  return stage >= 0 ? trace.stages[static_cast<std::size_t>(stage)].stage : "luck";
}

}  // namespace

StepRecord record_step(const PositionLogits& at, const Step& step, ChainState& state,
                       const StepRecordOptions& options) {
  const ChainState before = state;
  Trace trace;
  trace.keep_ids = true;
  std::vector<float> logits(at.logits.begin(), at.logits.end());
  const int drawn = options.chain->sample(logits, step, state, &trace);
  const Thermo at_one = thermo<float>(trace.before, 1.0);

  const Why why = explain(*options.chain, trace, step, before,
                          options.detailed ? std::span<const double>(lucks) : std::span<const double>());
  StepRecord record{at.position + 1,
                    at_one.entropy,
                    std::nullopt,
                    PageStates(trace.before),
                    {},
                    {},
                    drawn,
                    decider(why, trace),
                    why.same_noise,
                    {}};
  if (at.next) record.token = judge(trace.before, *at.next, at_one);
  if (options.detailed)
    record.listed = listed_tokens(trace.before, trace.after, options.ends, at.next, drawn);
  if (options.detailed && !at.lens.empty())
    record.lens = view_lens(at.lens, at.logits.size(), lens_top, at.next);
  for (StageTrace& stage : trace.stages) stage.removed_ids.clear();
  record.trace = std::move(trace);
  record.trace.before.clear();
  record.trace.after.clear();
  return record;
}

}  // namespace kelvin
