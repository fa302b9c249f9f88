#include "tools/lab/duel/duel_run.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "engine/weights/config.h"
#include "loaders/json/json_writer.h"
#include "tools/generation/generate.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* duel_part_kind = "duel";
constexpr int wave = 8;  // draws that run together: part of what a part file means

using Draws = std::vector<DuelDraw>;

void write_sums(JsonWriter& json, const StepSums& s) {
  json.begin_array().value(s.steps).value(s.infinite).value(s.infinite_back).value(s.kl).value(s.kl_back);
  json.value(s.total_variation).value(s.entropy).value(s.entropy_b).value(s.independent).end_array();
}

StepSums read_sums(JsonValue json) {
  if (json.size() != 9) json.fail("nine numbers expected, " + std::to_string(json.size()) + " found");
  const auto at = [&](std::size_t i) {
    return *std::next(json.items().begin(), static_cast<std::ptrdiff_t>(i));
  };
  return {at(0).as_uint(),   at(1).as_uint(),   at(2).as_uint(),   at(3).as_double(), at(4).as_double(),
          at(5).as_double(), at(6).as_double(), at(7).as_double(), at(8).as_double()};
}

std::string json_of_draws(const Draws& draws) {
  JsonWriter json;
  json.begin_array();
  for (const DuelDraw& draw : draws) {
    json.begin_object().key("texts").begin_array();
    for (const DuelText& text : draw.texts)
      json.begin_object()
          .member("ids", text.ids)
          .member("text", text.text)
          .member("ln_p", text.log_probabilities)
          .end_object();
    json.end_array().key("steps").begin_array();
    for (const StepSums& sums : draw.steps) write_sums(json, sums);
    json.end_array().end_object();
  }
  return json.end_array().text();
}

Draws draws_of(JsonValue json) {
  Draws draws;
  for (const JsonValue draw : json.items()) {
    draws.emplace_back();
    for (const JsonValue text : draw.at("texts").items()) {
      DuelText& read = draws.back().texts.emplace_back();
      for (const JsonValue id : text.at("ids").items()) read.ids.push_back(static_cast<int>(id.as_int()));
      for (const JsonValue p : text.at("ln_p").items()) read.log_probabilities.push_back(p.as_double());
      read.text = text.at("text").as_string();
    }
    for (const JsonValue sums : draw.at("steps").items()) draws.back().steps.push_back(read_sums(sums));
  }
  return draws;
}

// All chains on the logits that the first one's text meets.
class StepJudge {
 public:
  StepJudge(const DuelPlan& plan, std::uint64_t stream, std::vector<StepSums>& sums)
      : chains_(plan.chains),
        sums_(sums),
        states_(plan.chains.size()),
        edited_(plan.chains.size()),
        tokens_(plan.prompt),
        n_prompt_(plan.prompt.size()),
        seed_(plan.seed),
        stream_(stream) {}

  // The model's logits of the next step, shape (vocabulary,), and the token that the first chain drew.
  void judge(std::span<const float> logits, int id) {
    const Step step{tokens_, n_prompt_, seed_, stream_};
    for (std::size_t i = 0; i < chains_.size(); ++i) {
      edited_[i].assign(logits.begin(), logits.end());
      chains_[i].apply(edited_[i], step, states_[i]);
      if (i > 0) sums_[i - 1].add(compare_steps(edited_[0], edited_[i]));
      chains_[i].accept(id, step, states_[i]);
    }
    tokens_.push_back(id);
  }

 private:
  const std::vector<Chain>& chains_;
  std::vector<StepSums>& sums_;
  std::vector<ChainState> states_;
  std::vector<std::vector<float>> edited_;
  std::vector<int> tokens_;
  std::size_t n_prompt_;
  std::uint64_t seed_, stream_;
};

LongWork<Draws> work_of(const OpenModel& model, const DuelPlan& plan) {
  std::string settings = std::to_string(plan.draws) + " " + std::to_string(plan.max_tokens) + " " +
                         std::to_string(plan.seed) + (plan.ignore_eos ? " on" : "");
  for (const Chain& chain : plan.chains) settings += "\n" + chain.text();
  for (const int id : plan.prompt) settings += " " + std::to_string(id);
  LongWork<Draws> work;
  work.header = {duel_part_kind,
                 work_hash(*model.model, {}, settings),
                 {},
                 static_cast<std::size_t>((plan.draws + wave - 1) / wave),
                 "{}"};
  work.write = json_of_draws;
  work.read = draws_of;
  return work;
}

// One wave: each draw's noise is that of (seed, number of the draw), whichever chain takes it.
Draws draw_wave(OpenModel& model, const DuelPlan& plan, const Sequence& prompt, int first,
                const std::atomic<bool>* stop) {
  const int count = std::min(wave, plan.draws - first);
  Draws draws(static_cast<std::size_t>(count));
  std::deque<Sequence> sequences;
  std::deque<ContinuationRequest> requests;
  std::deque<ContinuationWriter> writers;
  std::deque<StepJudge> judges;
  GenerationLoop loop(*model.model, {.stop = stop});
  for (int d = 0; d < count; ++d) {
    DuelDraw& draw = draws[static_cast<std::size_t>(d)];
    draw.steps.resize(plan.chains.size() - 1);
    StepJudge& judge = judges.emplace_back(plan, static_cast<std::uint64_t>(first + d), draw.steps);
    for (const Chain& chain : plan.chains) {
      ContinuationRequest& request = requests.emplace_back();
      request.prompt = plan.prompt;
      request.chain = &chain;
      request.seed = plan.seed;
      request.stream = static_cast<std::uint64_t>(first + d);
      request.max_tokens = plan.max_tokens;
      if (!plan.ignore_eos) request.stops = model.stops;
      request.text_continues = true;
      request.log_probabilities = true;
      if (&chain == &plan.chains.front())
        request.on_draw = [&judge](std::uint64_t, std::span<const float> logits, int id) {
          judge.judge(logits, id);
        };
      writers.emplace_back(sequences.emplace_back(prompt.fork()), model.tokenizer(), request);
    }
  }
  for (ContinuationWriter& writer : writers) loop.add(writer);
  while (loop.step()) continue;
  if (stop && *stop) throw Interrupted();
  auto writer = writers.begin();
  for (DuelDraw& draw : draws)
    for (std::size_t i = 0; i < plan.chains.size(); ++i, ++writer) {
      Continuation text = writer->finish();
      draw.texts.push_back({std::move(text.ids), std::move(text.text), std::move(text.log_probabilities)});
    }
  return draws;
}

Draws joined(std::vector<Draws> waves) {
  Draws draws;
  for (Draws& each : waves) std::move(each.begin(), each.end(), std::back_inserter(draws));
  return draws;
}

}  // namespace

std::optional<std::vector<DuelDraw>> run_duel(OpenModel& model, const DuelPlan& plan, const WorkFlags& flags,
                                              const std::atomic<bool>* stop) {
  const int room = static_cast<int>(plan.prompt.size()) + plan.max_tokens;
  if (room > model.context)
    throw UserError("--n: prompt and text have " + std::to_string(room) + " tokens, the context holds " +
                    std::to_string(model.context) + " (--ctx)");
  Sequence prompt(*model.model, room);
  LongWork<Draws> work = work_of(model, plan);
  ProgressBar bar("drawing", "draw");
  int done = 0;
  work.read = [&](JsonValue json) {
    Draws draws = draws_of(json);
    done += static_cast<int>(draws.size());
    return draws;
  };
  work.compute = [&](std::size_t unit, const Draws&, const LongWork<Draws>::Save&) {
    const std::span<const int> given(plan.prompt);
    if (prompt.length() == 0 && given.size() > 1) {
      const Feed feed{&prompt, given.first(given.size() - 1), Want::none};
      if (!model.model->forward({&feed, 1}, [](int, int, std::span<const float>) {}, {.stop = stop}))
        throw Interrupted();
    }
    bar.update(done, plan.draws);
    Draws draws = draw_wave(model, plan, prompt, static_cast<int>(unit) * wave, stop);
    done += static_cast<int>(draws.size());
    bar.update(done, plan.draws);
    return draws;
  };
  work.saved = [&] { return std::to_string(done) + " of " + std::to_string(plan.draws) + " draws"; };
  auto waves = run_work(flags, work);
  if (!waves) return std::nullopt;
  return joined(std::move(*waves));
}

std::vector<DuelDraw> merge_duel(const OpenModel& model, const DuelPlan& plan,
                                 const std::vector<std::string>& paths) {
  const LongWork<Draws> work = work_of(model, plan);
  const MergedParts parts = merge_parts(paths, duel_part_kind);
  if (parts.header.work != work.header.work)
    throw UsageError(
        "--merge: the parts are of another model, prompt, seed or other chains than asked for here");
  return joined(read_results(parts, work));
}

}  // namespace kelvin
