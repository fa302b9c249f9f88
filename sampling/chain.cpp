#include "sampling/chain.h"

#include <algorithm>

#include "sampling/chain_text.h"
#include "sampling/logits.h"
#include "sampling/statistics/boltzmann.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {

namespace {

Snapshot snapshot(std::span<const float> logits, Scratch& scratch) {
  Snapshot s;
  const float top = largest(logits);
  s.possible = count_possible(logits);
  s.entropy = spread_of(logits, scratch).entropy;
  s.top = static_cast<int>(first_of(logits, top));
  double total = 0;
  for (const double w : scratch.weights) total += w;
  s.top_probability = 1.0 / total;
  return s;
}

// Records what a stage removed. `before` are the logits it was given.
void record_removed(StageTrace& record, std::span<const float> before, std::span<const float> after,
                    bool keep_ids, Scratch& scratch) {
  const double total = fill_weights(before, scratch);
  ExactSum mass;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == impossible || after[i] != impossible) continue;
    ++record.removed;
    mass.add(scratch.weights[i] / total);
    if (keep_ids) record.removed_ids.push_back(static_cast<int>(i));
    if (record.removed_top < 0 || before[i] > before[static_cast<std::size_t>(record.removed_top)])
      record.removed_top = static_cast<int>(i);
  }
  record.removed_mass = mass.value();
  if (record.removed_top >= 0)
    record.removed_top_probability = scratch.weights[static_cast<std::size_t>(record.removed_top)] / total;
}

// Whether the tokens it removes are not to be drawn, whatever else is left; stages of other kinds choose.
bool bans(const StageType& type) {
  return type.may_empty && (type.kind == Kind::constraint || type.kind == Kind::history);
}

[[noreturn]] void refuse_all(const Chain::Link& link, const Step& step) {
  throw std::runtime_error("position " + std::to_string(step.position()) +
                           ": no token is possible: " + link.text + " leaves none that may be drawn");
}

}  // namespace

std::vector<std::vector<double>> ChainState::values() const {
  std::vector<std::vector<double>> all;
  for (const Memory& memory : memory_) all.push_back(memory.values);
  return all;
}

void ChainState::set_values(const std::vector<std::vector<double>>& values) {
  memory_.clear();
  past_.clear();
  for (const auto& stage : values) memory_.push_back({stage, {}});
}

Chain Chain::parse(std::string_view text, const Vocabulary& vocabulary) {
  Chain chain;
  chain.set_real_tokens(vocabulary.bytes.size());
  for (const std::string& stage : split_chain(text)) chain.add(stage, vocabulary, "--sample");
  return chain;
}

void Chain::add(std::string_view text, const Vocabulary& vocabulary, std::string_view origin) {
  ParsedStage stage = parse_stage(text);
  for (const Link& link : links_) {
    if (link.type.name == stage.type->name && link.type.once)
      throw UserError("stage \"" + link.type.name + "\" is given twice, which makes no sense");
    if (link.type.last)
      throw UserError("stage \"" + link.type.name + "\" has to be the last; \"" + stage.type->name +
                      "\" follows it");
  }
  if (stage.type->prepare) stage.params.keep(stage.type->prepare(stage.params, vocabulary));
  const bool all_before_ban =
      std::all_of(links_.begin(), links_.end(), [](const Link& l) { return bans(l.type) && !l.type.yields; });
  keeps_raw_ = keeps_raw_ || (bans(*stage.type) && !all_before_ban);
  std::string normal = stage_text(*stage.type, stage.params);
  links_.push_back({*stage.type, std::move(stage.params), std::move(normal), std::string(origin)});
}

void Chain::check(std::span<float> logits, const Step& step) const {
  if (real_tokens_ > 0 && real_tokens_ < logits.size())
    std::fill(logits.begin() + static_cast<std::ptrdiff_t>(real_tokens_), logits.end(), impossible);
  const Scan found = scan(logits);
  if (found.top == impossible && found.not_finite == 0)
    throw std::runtime_error("position " + std::to_string(step.position()) + ": no token is possible");
  if (found.not_finite == 0) return;
  constexpr float top = std::numeric_limits<float>::infinity();
  if (non_finite_ == NonFinite::error) {
    const auto first = std::find_if(logits.begin(), logits.end(), [](float z) { return !(z < top); });
    throw NonFiniteLogits("position " + std::to_string(step.position()) + ": the model gave " +
                          (*first == top ? "inf" : "NaN") + " as logit of token " +
                          std::to_string(first - logits.begin()) + "; " + std::to_string(found.not_finite) +
                          " of " + std::to_string(logits.size()) +
                          " logits are not finite (\"--nonfinite mask\" turns such tokens off)");
  }
  for (float& z : logits)
    if (!(z < top)) z = impossible;
  if (largest(logits) == impossible)
    throw NonFiniteLogits("position " + std::to_string(step.position()) + ": no logit is finite");
}

void Chain::apply(std::span<float> logits, const Step& given, ChainState& state, Trace* trace) const {
  check(logits, given);
  state.memory_.resize(links_.size());
  auto& raw = state.scratch_.raw;
  if (keeps_raw_) {
    raw.assign(logits.begin(), logits.end());
    state.scratch_.edited.reserve(logits.size());
  }
  if (trace) trace->before.assign(logits.begin(), logits.end());
  if (trace) trace->stages.assign(links_.size(), {});
  if (!run(logits, given, state, trace, keeps_raw_)) {
    std::copy(raw.begin(), raw.end(), logits.begin());
    if (trace) trace->stages.assign(links_.size(), {});
    ban_first(logits, given, state, trace);
    run(logits, given, state, trace, false);
  }
  if (trace) trace->after.assign(logits.begin(), logits.end());
}

bool Chain::run(std::span<float> logits, const Step& given, ChainState& state, Trace* trace,
                bool may_start_again) const {
  StageContext step{given, nullptr, &state.scratch_};
  std::vector<float> before;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const Link& link = links_[i];
    step.memory = &state.memory_[i];
    StageTrace record;
    if (trace) {
      record = std::move(trace->stages[i]);  // what it removed before all others, if it did
      record.stage = link.text;
      record.before = i > 0 ? trace->stages[i - 1].after : snapshot(trace->before, state.scratch_);
      before.assign(logits.begin(), logits.end());
    }
    const float top = link.type.may_empty ? largest(logits) : 0.0f;
    const std::size_t best = link.type.may_empty ? first_of(logits, top) : 0;
    link.type.apply(logits, link.params, step);
    if (link.type.may_empty && logits[best] == impossible && largest(logits) == impossible) {
      if (may_start_again && bans(link.type)) return false;
      if (bans(link.type) && !link.type.yields) refuse_all(link, given);
      logits[best] = top;
      record.kept_last = true;
    }
    if (trace) {
      if (!record.acted_first) record_removed(record, before, logits, trace->keep_ids, state.scratch_);
      record.after = snapshot(logits, state.scratch_);
      for (const int id : trace->follow) record.followed.push_back(token_rank(logits, id));
      trace->stages[i] = std::move(record);
    }
  }
  return true;
}

// Bans that yield come after those that do not, so that one that does not never finds too little left.
void Chain::ban_first(std::span<float> logits, const Step& given, ChainState& state, Trace* trace) const {
  StageContext step{given, nullptr, &state.scratch_};
  auto& edited = state.scratch_.edited;
  for (const bool yields : {false, true})
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const Link& link = links_[i];
      if (!bans(link.type) || link.type.yields != yields) continue;
      step.memory = &state.memory_[i];
      edited.assign(logits.begin(), logits.end());
      link.type.apply(edited, link.params, step);
      // It removes now; what else it does has its place in the chain.
      for (std::size_t id = 0; id < logits.size(); ++id)
        if (edited[id] != impossible) edited[id] = logits[id];
      if (largest(edited) == impossible) {
        if (!yields) refuse_all(link, given);
        continue;
      }
      if (trace) {
        StageTrace& record = trace->stages[i];
        record_removed(record, logits, edited, trace->keep_ids, state.scratch_);
        record.acted_first = record.removed > 0;
      }
      std::copy(edited.begin(), edited.end(), logits.begin());
    }
}

int Chain::sample(std::span<float> logits, const Step& step, ChainState& state, Trace* trace) const {
  apply(logits, step, state, trace);
  const int token = draw(logits, draw_noise(step));
  if (trace) trace->drawn = token;
  return token;
}

int Chain::accept(int token, const Step& given, ChainState& state) const {
  state.memory_.resize(links_.size());
  StageContext step{given, nullptr, &state.scratch_};
  if (may_take_back()) remember(step.position(), state);
  int back = 0;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    step.memory = &state.memory_[i];
    if (links_[i].type.accept) back = std::max(back, links_[i].type.accept(token, links_[i].params, step));
  }
  if (back > 0 && !state.past_.empty()) restore(step.position() + 1 - static_cast<std::size_t>(back), state);
  return back;
}

bool Chain::may_take_back() const {
  return std::any_of(links_.begin(), links_.end(),
                     [](const Link& link) { return bool(link.type.unsettled); });
}

void Chain::remember(std::size_t position, ChainState& state) const {
  // More tokens than a banned text has bytes, and some that have none.
  constexpr std::size_t longest_past = 2048, usual_values = 16;
  if (state.past_.empty()) {
    state.past_.resize(longest_past);
    for (auto& past : state.past_) {
      past.values.reserve(usual_values);
      past.counts.reserve(links_.size());
    }
  }
  auto& past = state.past_[position % longest_past];
  past.position = position;
  past.values.clear();
  past.counts.clear();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    // A stage that takes back remembers why.
    const std::span<const double> values(state.memory_[i].values);
    const auto kept = links_[i].type.unsettled ? values.first(0) : values;
    past.values.insert(past.values.end(), kept.begin(), kept.end());
    past.counts.push_back(kept.size());
  }
}

// Feedback stages return to what they knew before the token at `position`.
void Chain::restore(std::size_t position, ChainState& state) const {
  const auto& past = state.past_[position % state.past_.size()];
  if (past.position != position) return;
  auto value = past.values.begin();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const auto end = value + static_cast<std::ptrdiff_t>(past.counts[i]);
    if (!links_[i].type.unsettled) state.memory_[i].values.assign(value, end);
    value = end;
  }
}

int Chain::unsettled(const Step& given) const {
  const StageContext step{given, nullptr, nullptr};
  int count = 0;
  for (const Link& link : links_)
    if (link.type.unsettled) count = std::max(count, link.type.unsettled(link.params, step));
  return count;
}

Chain Chain::at_temperature(double temperature) const {
  ParsedStage stage = parse_stage("temp=" + number_text(temperature));
  const Link link{*stage.type, stage.params, stage_text(*stage.type, stage.params), {}};
  Chain other = *this;
  const auto is_temperature = [](const Link& l) { return l.type.kind == Kind::temperature; };
  const auto last = std::find_if(other.links_.rbegin(), other.links_.rend(), is_temperature);
  if (last != other.links_.rend()) {
    *last = link;
    return other;
  }
  const auto feedback =
      std::find_if(other.links_.begin(), other.links_.end(), [](const Link& l) { return l.type.last; });
  other.links_.insert(feedback, link);
  return other;
}

std::string Chain::text() const {
  std::string all;
  for (const Link& link : links_) all += (all.empty() ? "" : ",") + link.text;
  return all;
}

std::string Chain::describe() const {
  if (links_.empty()) return "no stage: the model's own distribution (temp=1)\n";
  std::size_t width = 0;
  for (const Link& link : links_) width = std::max(width, link.text.size());
  std::string all;
  for (const Link& link : links_) {
    all += link.text;
    if (!link.origin.empty()) all += std::string(width + 2 - link.text.size(), ' ') + link.origin;
    all += '\n';
  }
  return all;
}

}  // namespace kelvin
