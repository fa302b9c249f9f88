#include "tools/lab/score/score_run.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "engine/forward/kv_cache.h"
#include "engine/platform/available_memory.h"
#include "loaders/json/json_writer.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/lab/score/task_answers.h"
#include "tools/options/model_origin.h"
#include "tools/output/sha256.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* score_part_kind = "score";
using Samples = std::vector<ScoreSample>;

std::string json_of(const Samples& samples) {
  JsonWriter json;
  json.begin_array();
  for (const ScoreSample& sample : samples) {
    json.begin_object().member("chain", sample.chain).member("draw", sample.draw);
    json.member("ids", sample.ids).member("text", sample.text).member("stop", sample.ending);
    json.member("right", sample.vote.right).member("answer", sample.vote.answer);
    json.member("logprob", sample.vote.log_probability);
    json.member("self_certainty", sample.vote.self_certainty).member("timed_out", sample.timed_out);
    json.end_object();
  }
  return json.end_array().text();
}

Samples samples_of(JsonValue json) {
  Samples samples;
  for (const JsonValue item : json.items()) {
    ScoreSample& sample = samples.emplace_back();
    sample.chain = item.at("chain").as_uint();
    sample.draw = item.at("draw").as_uint();
    for (const JsonValue id : item.at("ids").items()) sample.ids.push_back(static_cast<int>(id.as_int()));
    sample.text = item.at("text").as_string();
    sample.ending = item.at("stop").as_string();
    sample.vote.right = item.at("right").as_bool();
    if (const JsonValue answer = item.at("answer"); !answer.is_null())
      sample.vote.answer = answer.as_string();
    sample.vote.log_probability = item.at("logprob").as_double();
    sample.vote.self_certainty = item.at("self_certainty").as_double();
    sample.timed_out = item.at("timed_out").as_bool();
  }
  return samples;
}

LongWork<Samples> score_work() {
  LongWork<Samples> work;
  work.write = json_of;
  work.read = samples_of;
  work.join = [](Samples& whole, Samples piece) {
    whole.insert(whole.end(), std::make_move_iterator(piece.begin()), std::make_move_iterator(piece.end()));
  };
  return work;
}

// Everything of a result but the samples.
ScoreResult outline(const OpenModel& model, const ScorePlan& plan) {
  ScoreResult result;
  for (const Chain& chain : plan.chains)
    result.chains.push_back(chain.links().empty() ? "raw" : chain.text());
  result.draws = static_cast<std::size_t>(plan.draws);
  result.seed = plan.seed;
  result.origin = origin_of(model);
  for (const ScoreTask& task : plan.tasks)
    result.tasks.push_back({task.id, task.cluster, seed_of_task(plan.seed, task.id), {}});
  return result;
}

std::string about_of(const ScoreResult& result) {
  JsonWriter json;
  json.begin_object().member("chains", result.chains).member("draws", result.draws);
  json.member("seed", result.seed).key("tasks").begin_array();
  for (const ScoredTask& task : result.tasks)
    json.begin_object().member("id", task.id).member("cluster", task.cluster).end_object();
  json.end_array();
  write_origin(json, *result.origin);
  return json.end_object().text();
}

ScoreResult outline_of(JsonValue about) {
  ScoreResult result;
  for (const JsonValue chain : about.at("chains").items()) result.chains.emplace_back(chain.as_string());
  result.draws = about.at("draws").as_uint();
  result.seed = about.at("seed").as_uint();
  for (const JsonValue task : about.at("tasks").items()) {
    const std::string id(task.at("id").as_string());
    result.tasks.push_back(
        {id, std::string(task.at("cluster").as_string()), seed_of_task(result.seed, id), {}});
  }
  result.origin = read_origin(about);
  return result;
}

// Pieces come in the order in which answers ended. Throws UsageError where a part lacks some, or has others.
void fill(ScoreResult& result, std::vector<Samples> all) {
  const auto refuse_unless = [](bool whole) {
    if (!whole) throw UsageError("the part does not hold the answers that its first line promises");
  };
  refuse_unless(all.size() == result.tasks.size() && !all.empty() && result.draws > 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Samples& samples = result.tasks[i].samples = std::move(all[i]);
    std::sort(samples.begin(), samples.end(), [](const ScoreSample& a, const ScoreSample& b) {
      return std::pair(a.chain, a.draw) < std::pair(b.chain, b.draw);
    });
    refuse_unless(samples.size() / result.draws == result.chains.size() &&
                  samples.size() % result.draws == 0);
    for (std::size_t at = 0; at < samples.size(); ++at)
      refuse_unless(samples[at].chain == at / result.draws && samples[at].draw == at % result.draws);
  }
}

void ask_for_memory(const OpenModel& model, const ScorePlan& plan,
                    const std::vector<std::vector<int>>& prompts) {
  std::size_t positions = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i)
    positions =
        std::max(positions, prompts[i].size() +
                                static_cast<std::size_t>(plan.tasks[i].max_tokens.value_or(plan.max_tokens)));
  positions = std::min(positions, static_cast<std::size_t>(model.context));
  const std::size_t one = engine::KvCache::bytes_for(model.model->kv_shape(), static_cast<int>(positions));
  const auto sequences = static_cast<std::size_t>(plan.width) + 1;  // and the prompt
  require_memory(sequences * one,
                 "keys and values of " + std::to_string(plan.width) + " answers of " +
                     std::to_string(positions) + " tokens with their prompt",
                 [&](std::uint64_t) {
                   return std::vector<MemoryChoice>{{"--batch 1", 2 * static_cast<std::uint64_t>(one)}};
                 });
}

}  // namespace

std::uint64_t seed_of_task(std::uint64_t seed, const std::string& id) {
  Sha256 hash;
  const std::string text = std::to_string(seed) + " " + id;
  hash.update(std::as_bytes(std::span(text)));
  const std::string digits = hash.hex();
  std::uint64_t value = 0;
  for (std::size_t byte = 8; byte-- > 0;)
    value = value << 8 | std::stoull(digits.substr(2 * byte, 2), nullptr, 16);
  return value;
}

std::string hash_of(const ScoreResult& result) {
  Sha256 hash;
  for (std::size_t chain = 0; chain < result.chains.size(); ++chain)
    for (std::size_t task = 0; task < result.tasks.size(); ++task)
      for (std::size_t draw = 0; draw < result.draws; ++draw) {
        std::string line =
            std::to_string(chain) + " " + std::to_string(task) + " " + std::to_string(draw) + ":";
        for (const int id : result.tasks[task].samples[chain * result.draws + draw].ids)
          line += " " + std::to_string(id);
        line += "\n";
        hash.update(std::as_bytes(std::span(line)));
      }
  return hash.hex();
}

std::optional<ScoreResult> run_score(OpenModel& model, const ScorePlan& plan, const WorkFlags& flags,
                                     const std::atomic<bool>* stop) {
  std::vector<std::vector<int>> prompts;
  for (const ScoreTask& task : plan.tasks) prompts.push_back(prompt_of(task, model, plan.chat_template));
  ask_for_memory(model, plan, prompts);
  ScoreResult result = outline(model, plan);

  const std::size_t each = plan.chains.size() * result.draws;
  const Shard shard = flags.shard.value_or(Shard{});
  std::size_t total = 0, done = 0, saved = 0;
  for (std::size_t unit = 0; unit < plan.tasks.size(); ++unit) total += shard.has(unit) ? each : 0;
  ProgressBar bar("answers", "answers");
  LongWork<Samples> work = score_work();
  const std::string about = about_of(result);
  work.header = {score_part_kind,
                 work_hash(*model.model, {},
                           about + "\n" + plan.settled + "\n" + std::to_string(plan.max_tokens) + " " +
                               plan.chat_template.text()),
                 {},
                 plan.tasks.size(),
                 about};
  work.compute = [&](std::size_t unit, const Samples& before, const LongWork<Samples>::Save& save) {
    bar.update(static_cast<double>(done), static_cast<double>(total));
    TaskAnswers answers(model, plan, unit, prompts[unit], before, stop);
    answers.run([&](ScoreSample sample) {
      save({std::move(sample)});
      saved = ++done;
      bar.update(static_cast<double>(done), static_cast<double>(total));
    });
    return Samples{};
  };
  work.read = [&](JsonValue json) {
    Samples samples = samples_of(json);
    saved = done += samples.size();
    return samples;
  };
  work.saved = [&] { return std::to_string(saved) + " of " + std::to_string(total) + " answers"; };
  auto all = run_work(flags, work);
  if (!all) return std::nullopt;
  fill(result, std::move(*all));
  return result;
}

ScoreResult merge_score(const std::vector<std::string>& paths) {
  const MergedParts parts = merge_parts(paths, score_part_kind);
  ScoreResult result = outline_of(parse_json(parts.header.about, paths[0]).root());
  fill(result, read_results(parts, score_work()));
  return result;
}

}  // namespace kelvin
