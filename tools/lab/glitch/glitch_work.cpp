#include "tools/lab/glitch/glitch_work.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/weights/config.h"
#include "loaders/json/json_writer.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* glitch_part_kind = "glitch";

// Of one window of contexts, or of one question.
struct Finding {
  TailSums contexts;
  std::optional<int> id;
  CopyAnswer copy{};
};

std::string json_of(const Finding& finding) {
  const TailSums& sums = finding.contexts;
  JsonWriter json;
  json.begin_object();
  if (finding.id)
    json.member("id", *finding.id)
        .member("p", finding.copy.probability)
        .member("rank", finding.copy.rank)
        .member("said", finding.copy.said)
        .member("control", finding.copy.control);
  else
    json.member("contexts", sums.contexts)
        .member("log_probability", sums.log_probability)
        .member("in_tail", sums.in_tail)
        .member("at_end", sums.at_end);
  return json.end_object().text();
}

Finding finding_of(JsonValue json) {
  Finding finding;
  if (const auto id = json.find("id")) {
    finding.id = static_cast<int>(id->as_int());
    finding.copy = {json.at("p").as_double(), json.at("rank").as_uint(),
                    static_cast<int>(json.at("said").as_int()), json.at("control").as_bool()};
    return finding;
  }
  finding.contexts.contexts = json.at("contexts").as_uint();
  for (const JsonValue sum : json.at("log_probability").items())
    finding.contexts.log_probability.push_back(sum.as_double());
  const auto counts = [&](const char* key, std::vector<std::uint32_t>& into) {
    for (const JsonValue count : json.at(key).items())
      into.push_back(static_cast<std::uint32_t>(count.as_uint()));
    if (into.size() != finding.contexts.log_probability.size())
      json.at(key).fail(std::to_string(finding.contexts.log_probability.size()) + " numbers expected, " +
                        std::to_string(into.size()) + " found");
  };
  counts("in_tail", finding.contexts.in_tail);
  counts("at_end", finding.contexts.at_end);
  return finding;
}

GlitchEvidence evidence_of(std::vector<Finding> findings) {
  GlitchEvidence evidence;
  for (Finding& finding : findings)
    if (finding.id)
      evidence.copies.emplace(*finding.id, finding.copy);
    else
      evidence.contexts += finding.contexts;
  return evidence;
}

std::string about_of(const OpenModel& model) {
  JsonWriter json;
  json.begin_object().member("model", work_hash(*model.model, {}, ""));
  return json.member("vocabulary", model.model->config().vocab_size).end_object().text();
}

}  // namespace

std::optional<GlitchEvidence> gather_evidence(OpenModel& model, const GlitchPlan& plan,
                                              const WorkFlags& flags, const std::atomic<bool>* stop) {
  const auto& bos = model.text.info.bos;
  std::vector<Window> windows;
  if (plan.contexts)
    windows = windows_of(*plan.contexts, bos ? bos->id : std::nullopt, model.context, model.context / 2, 0);
  std::vector<int> asked = plan.copies.suspects;
  asked.insert(asked.end(), plan.copies.controls.begin(), plan.copies.controls.end());
  const Shard shard = flags.shard.value_or(Shard{});
  std::size_t contexts = 0, contexts_done = 0, answers = 0, answers_done = 0;
  for (std::size_t unit = 0; unit < windows.size() + asked.size(); ++unit)
    if (shard.has(unit)) unit < windows.size() ? contexts += windows[unit].judged_tokens() : answers += 1;
  std::optional<CopyTest> test;
  if (!asked.empty()) test.emplace(model, plan.copies.examples);

  std::string settings = std::to_string(plan.tail);
  for (const auto* ids : {&plan.copies.suspects, &plan.copies.controls, &plan.copies.examples}) {
    settings += " /";
    for (const int id : *ids) settings += " " + std::to_string(id);
  }
  LongWork<Finding> work;
  work.header = {glitch_part_kind,
                 work_hash(*model.model, windows, settings),
                 {},
                 windows.size() + asked.size(),
                 about_of(model)};
  std::optional<ProgressBar> bar;
  bool is_asking = false;
  const auto read = [&](const Window& window, Finding& finding, const LongWork<Finding>::Save& save) {
    constexpr std::chrono::seconds between{3};
    if (!bar) bar.emplace("contexts", "tok");
    TailCounter counter(model.model->config().vocab_size, plan.tail, std::move(finding.contexts));
    auto saved_at = std::chrono::steady_clock::now();
    const auto save_now = [&] {
      finding.contexts = counter.sums();
      save(finding);
      saved_at = std::chrono::steady_clock::now();
    };
    try {
      read_window(*model.model, window,
                  {.done = counter.sums().contexts,
                   .stop = stop,
                   .sink =
                       [&](std::span<const float> logits, int, int) {
                         counter.add(logits);
                         bar->update(static_cast<double>(++contexts_done), static_cast<double>(contexts));
                       },
                   .after_step =
                       [&] {
                         if (std::chrono::steady_clock::now() - saved_at >= between) save_now();
                       }});
    } catch (const Interrupted&) {
      if (counter.sums().contexts > 0) save_now();
      throw;
    }
    finding.contexts = counter.sums();
  };
  work.compute = [&](std::size_t unit, const Finding& before, const LongWork<Finding>::Save& save) {
    Finding finding = before;
    if (unit < windows.size()) {
      read(windows[unit], finding, save);
      return finding;
    }
    if (!std::exchange(is_asking, true)) bar.emplace("copying", "token");
    bar->update(static_cast<double>(answers_done), static_cast<double>(answers));
    if (stop && *stop) throw Interrupted();
    finding.id = asked[unit - windows.size()];
    finding.copy = test->ask(*finding.id);
    finding.copy.control = unit - windows.size() >= plan.copies.suspects.size();
    ++answers_done;
    return finding;
  };
  work.write = json_of;
  work.read = [&](JsonValue json) {
    Finding finding = finding_of(json);
    finding.id ? ++answers_done : contexts_done += finding.contexts.contexts;
    return finding;
  };
  work.saved = [&] {
    return std::to_string(contexts_done) + " of " + std::to_string(contexts) + " contexts and " +
           std::to_string(answers_done) + " of " + std::to_string(answers) + " answers";
  };
  auto findings = run_work(flags, work);
  if (!findings) return std::nullopt;
  return evidence_of(std::move(*findings));
}

GlitchEvidence merge_evidence(const OpenModel& model, const std::vector<std::string>& paths) {
  const MergedParts parts = merge_parts(paths, glitch_part_kind);
  if (parts.header.about != about_of(model))
    throw UsageError("--merge: the parts are of another model than --model");
  LongWork<Finding> work;
  work.read = finding_of;
  return evidence_of(read_results(parts, work));
}

}  // namespace kelvin
