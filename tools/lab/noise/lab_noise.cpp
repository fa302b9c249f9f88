#include "tools/lab/noise/lab_noise.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "engine/platform/in_parallel.h"
#include "loaders/json/json_writer.h"
#include "loaders/model/model_folder.h"
#include "sampling/statistics/density_of_states.h"
#include "tools/lab/noise/noise_json.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/options/model_origin.h"
#include "tools/terminal/interrupt.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* noise_part_kind = "noise";

Prediction prediction_of(std::span<const float> logits, int observed) {
  const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
  return {exp_exact(-DensityOfStates(logits).moments(1.0).log_z_shifted), best == observed};
}

// Both models run the window side by side, a few positions at a time, after `done` steps that are known; `save` is given
// steps as they come.
void compare_models(Model& first, Model& second, const Window& window, std::size_t done,
                    const std::atomic<bool>* stop, const std::function<void(NoiseRun)>& save) {
  const auto vocabulary = static_cast<std::size_t>(first.config().vocab_size);
  const std::size_t in_memory = std::clamp<std::size_t>((std::size_t{16} << 20) / vocabulary, 8, 256);
  Sequence in_first = past_of(first, window, done, stop), in_second = past_of(second, window, done, stop);
  const auto logits_of = [&](Model& model, Sequence& sequence, std::span<const int> ids) {
    std::vector<float> rows;  // (ids, vocabulary)
    run_ids(model, sequence, ids, Want::all, stop,
            [&](int, int, std::span<const float> z) { rows.insert(rows.end(), z.begin(), z.end()); });
    return rows;
  };
  StepSize step;
  // What follows the last token is not known.
  const std::size_t end = window.ids.size() - 1;
  for (auto at = static_cast<std::size_t>(in_first.length()); at < end;) {
    const auto start = std::chrono::steady_clock::now();
    const std::size_t count = std::min({in_memory, static_cast<std::size_t>(step.next()), end - at});
    const std::span<const int> ids = std::span(window.ids).subspan(at, count);
    const std::vector<float> rows_a = logits_of(first, in_first, ids),
                             rows_b = logits_of(second, in_second, ids);
    NoiseRun run;
    run.bands = rank_bands(vocabulary);
    run.steps.resize(count);
    in_parallel(count, first.threads(), [&](std::size_t i) {
      const int next = window.ids[at + i + 1];
      const auto a = std::span(rows_a).subspan(i * vocabulary, vocabulary),
                 b = std::span(rows_b).subspan(i * vocabulary, vocabulary);
      run.steps[i] = {compare_bands(a, b, run.bands), kl_of_rows(a, b), prediction_of(a, next),
                      prediction_of(b, next)};
    });
    at += count;
    save(std::move(run));
    step.took(static_cast<int>(count),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
}

std::unique_ptr<Model> load_version(const OpenModel& reference, const NoiseKind& kind, std::uint64_t seed,
                                    int threads, const std::atomic<bool>* stop) {
  LoadOptions load;
  load.storage = kind.storage;
  load.lora = reference.lora;
  load.progress = [stop](std::size_t, std::size_t) { heed(stop); };
  load.ignore_extra = true;  // the reference has settled that
  LoadedModel loaded = load_model(reference.folder, load);
  if (kind.noise) perturb_weights(loaded.weights, *kind.noise, seed);
  return std::make_unique<Model>(std::move(loaded.config), std::move(loaded.weights),
                                 ModelOptions{.threads = threads});
}

// The windows of the text, up to the positions wanted.
std::vector<Window> planned_windows(const OpenModel& model, const NoisePlan& plan) {
  const auto& bos = model.text.info.bos;
  std::vector<Window> windows =
      windows_of(plan.input, bos ? bos->id : std::nullopt, model.context, model.context / 2, 0);
  if (plan.positions == 0) return windows;
  int left = plan.positions;
  std::vector<Window> wanted;
  for (Window& window : windows) {
    if (left == 0) break;
    const int judged = std::min(left, window.size() - window.judged);
    window.ids.resize(static_cast<std::size_t>(window.judged + judged));
    left -= judged;
    wanted.push_back(std::move(window));
  }
  return wanted;
}

void append(NoiseRun& whole, NoiseRun piece) {
  whole.bands = std::move(piece.bands);
  std::move(piece.steps.begin(), piece.steps.end(), std::back_inserter(whole.steps));
}

// A kind as it is in a result: its name, its units and how often each token was drawn.
struct KindUnits {
  std::string name;
  std::size_t units, draws;
};

// `pieces`: those of the first kind, then of the second, ...
NoiseResult join(NoiseResult result, const std::vector<KindUnits>& kinds, std::vector<NoiseRun> pieces) {
  auto piece = pieces.begin();
  for (const KindUnits& kind : kinds) {
    NoiseRun run;
    run.name = kind.name;
    run.draws = kind.draws;
    run.bands = rank_bands(result.vocabulary);
    for (std::size_t i = 0; i < kind.units && piece != pieces.end(); ++i, ++piece)
      append(run, std::move(*piece));
    result.runs.push_back(std::move(run));
  }
  return result;
}

}  // namespace

double NoiseRun::kl() const {
  ExactSum sum;
  for (const NoiseStep& step : steps) sum.add(step.divergence);
  return sum.value() / static_cast<double>(steps.size());
}

std::optional<NoiseResult> measure_noise(OpenModel& reference, const NoisePlan& plan, const WorkFlags& flags,
                                         const std::atomic<bool>* stop) {
  const std::vector<Window> windows = planned_windows(reference, plan);
  const auto vocabulary = static_cast<std::size_t>(reference.model->config().vocab_size);
  struct Unit {
    const NoiseKind* kind;
    int draw;
    const Window* window;
  };
  std::vector<Unit> units;
  std::vector<KindUnits> names;
  std::string settings = std::to_string(plan.seed);
  JsonWriter about;
  const std::string own = are_bf16(reference.model->weights()) ? "bf16" : "f32";
  const std::vector<NoiseKind> kinds = plan.kinds.empty() ? usual_noise_kinds(own, plan.draws) : plan.kinds;
  refuse_reference(kinds, own);
  about.begin_object().member("vocabulary", vocabulary).member("reference", own).key("kinds").begin_array();
  for (const NoiseKind& kind : kinds) {
    for (int draw = 0; draw < kind.draws; ++draw)
      for (const Window& window : windows) units.push_back({&kind, draw, &window});
    const auto draws = static_cast<std::size_t>(kind.draws);
    names.push_back({kind.name, draws * windows.size(), draws});
    settings += " " + kind.name;
    about.begin_object().member("name", kind.name).member("units", names.back().units);
    about.member("draws", draws).end_object();
  }
  const ModelOrigin origin = origin_of(reference);
  const bool has_noise =
      std::any_of(kinds.begin(), kinds.end(), [](const NoiseKind& kind) { return kind.noise; });
  const auto seed = has_noise ? std::optional(plan.seed) : std::nullopt;
  write_origin(about.end_array(), origin);
  about.member("seed", seed).end_object();

  const Shard shard = flags.shard.value_or(Shard{});
  std::size_t total = 0, done = 0;
  for (std::size_t unit = 0; unit < units.size(); ++unit)
    if (shard.has(unit)) total += units[unit].window->judged_tokens();

  ProgressBar bar("noise", "tok");
  std::unique_ptr<Model> version;
  std::pair<const NoiseKind*, int> loaded{nullptr, 0};
  LongWork<NoiseRun> work;
  work.header = {
      noise_part_kind, work_hash(*reference.model, windows, settings), {}, units.size(), about.text()};
  work.compute = [&](std::size_t i, const NoiseRun& before, const LongWork<NoiseRun>::Save& save) {
    const Unit& unit = units[i];
    if (loaded != std::pair(unit.kind, unit.draw)) {
      version.reset();  // before the next one takes its memory
      version = load_version(reference, *unit.kind, plan.seed + static_cast<std::uint64_t>(unit.draw),
                             reference.model->threads(), stop);
      loaded = {unit.kind, unit.draw};
    }
    compare_models(*reference.model, *version, *unit.window, before.steps.size(), stop, [&](NoiseRun piece) {
      done += piece.steps.size();
      save(std::move(piece));
      bar.update(static_cast<double>(done), static_cast<double>(total));
    });
    return NoiseRun{"", rank_bands(vocabulary), {}};
  };
  work.write = json_of_noise;
  work.read = [&](JsonValue json) {
    NoiseRun run = noise_of_json(json, vocabulary);
    done += run.steps.size();
    return run;
  };
  work.join = append;
  work.saved = [&] { return std::to_string(done) + " of " + std::to_string(total) + " steps"; };
  auto pieces = run_work(flags, work);
  if (!pieces) return std::nullopt;
  NoiseResult result = join({vocabulary, own, {}}, names, std::move(*pieces));
  result.origin = origin;
  result.seed = seed;
  return result;
}

NoiseResult merge_noise(const std::vector<std::string>& paths) {
  const MergedParts parts = merge_parts(paths, noise_part_kind);
  const JsonDocument about = parse_json(parts.header.about, paths[0]);
  const std::size_t vocabulary = about.root().at("vocabulary").as_uint();
  std::vector<KindUnits> names;
  for (const JsonValue kind : about.root().at("kinds").items())
    names.push_back(
        {std::string(kind.at("name").as_string()), kind.at("units").as_uint(), kind.at("draws").as_uint()});
  LongWork<NoiseRun> work;
  work.read = [&](JsonValue json) { return noise_of_json(json, vocabulary); };
  work.join = append;
  NoiseResult result = join({vocabulary, std::string(about.root().at("reference").as_string()), {}}, names,
                            read_results(parts, work));
  result.origin = read_origin(about.root());
  if (const JsonValue seed = about.root().at("seed"); !seed.is_null()) result.seed = seed.as_uint();
  return result;
}

}  // namespace kelvin
