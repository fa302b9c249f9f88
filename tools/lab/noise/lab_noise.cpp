#include "tools/lab/noise/lab_noise.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "engine/platform/in_parallel.h"
#include "loaders/json/json_writer.h"
#include "loaders/model/model_folder.h"
#include "sampling/statistics/density_of_states.h"
#include "tools/lab/reading/lab_windows.h"
#include "tools/terminal/progress_bar.h"

namespace kelvin {
namespace {

constexpr const char* noise_part_kind = "noise";

Prediction prediction_of(std::span<const float> logits, int observed) {
  const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
  return {exp_exact(-DensityOfStates(logits).moments(1.0).log_z_shifted), best == observed};
}

// Both models run the window side by side, a few positions at a time.
NoiseRun compare_models(Model& first, Model& second, const Window& window, const std::atomic<bool>* stop,
                        const std::function<void(std::size_t judged)>& progress) {
  const auto vocabulary = static_cast<std::size_t>(first.config().vocab_size);
  const std::size_t piece = std::clamp<std::size_t>((std::size_t{16} << 20) / vocabulary, 8, 256);
  NoiseRun run;
  run.bands = rank_bands(vocabulary);
  Sequence in_first(first, window.size()), in_second(second, window.size());
  const auto logits_of = [&](Model& model, Sequence& sequence, std::span<const int> ids) {
    std::vector<float> rows;  // (ids, vocabulary)
    run_ids(model, sequence, ids, Want::all, stop,
            [&](int, int, std::span<const float> z) { rows.insert(rows.end(), z.begin(), z.end()); });
    return rows;
  };
  // What follows the last token is not known.
  const std::span<const int> ids = std::span(window.ids).first(window.ids.size() - 1);
  for (std::size_t at = 0; at < ids.size(); at += piece) {
    const std::span<const int> part = ids.subspan(at, std::min(piece, ids.size() - at));
    const std::vector<float> rows_a = logits_of(first, in_first, part),
                             rows_b = logits_of(second, in_second, part);
    const auto judged = static_cast<std::size_t>(window.judged);
    const std::size_t skipped = judged > at + 1 ? std::min(judged - 1 - at, part.size()) : 0,
                      count = part.size() - skipped, old = run.steps.size();
    run.steps.resize(old + count);
    in_parallel(count, first.threads(), [&](std::size_t i) {
      const std::size_t row = skipped + i;
      const int next = window.ids[at + row + 1];
      const auto a = std::span(rows_a).subspan(row * vocabulary, vocabulary),
                 b = std::span(rows_b).subspan(row * vocabulary, vocabulary);
      run.steps[old + i] = {compare_bands(a, b, run.bands), kl_of_rows(a, b), prediction_of(a, next),
                            prediction_of(b, next)};
    });
    progress(count);
  }
  return run;
}

std::unique_ptr<Model> load_version(const std::filesystem::path& folder, const NoiseKind& kind,
                                    std::uint64_t seed, int threads) {
  LoadOptions load;
  load.storage = kind.storage;
  load.ignore_extra = true;  // the reference has settled that
  LoadedModel loaded = load_model(folder, load);
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

constexpr std::pair<const char*, Prediction NoiseStep::*> predictions[] = {{"in_f32", &NoiseStep::in_f32},
                                                                           {"here", &NoiseStep::here}};

std::string json_of(const NoiseRun& run) {
  JsonWriter json;
  json.begin_object().key("steps").begin_array();
  for (const NoiseStep& step : run.steps)
    for (const BandComparison& band : step.bands)
      json.value(band.agreement).value(unless_nan(band.correlation)).value(band.median_error);
  json.end_array().key("kl").begin_array();
  for (const NoiseStep& step : run.steps) json.value(step.divergence);
  json.end_array();
  for (const auto& [key, prediction] : predictions) {
    json.key(key).begin_array();
    for (const NoiseStep& step : run.steps)
      json.value((step.*prediction).confidence).value((step.*prediction).right);
    json.end_array();
  }
  return json.end_object().text();
}

NoiseRun run_of(JsonValue json, std::size_t vocabulary) {
  NoiseRun run;
  run.bands = rank_bands(vocabulary);
  const auto list = [&](const char* key, std::size_t count) {
    const JsonValue values = json.at(key);
    if (values.size() != count)
      values.fail(std::to_string(count) + " values expected, " + std::to_string(values.size()) + " found");
    return values.items();
  };
  run.steps.resize(json.at("kl").size());
  const std::size_t width = run.bands.size();
  std::size_t i = 0;
  for (const JsonValue value : list("steps", 3 * width * run.steps.size())) {
    std::vector<BandComparison>& bands = run.steps[i / (3 * width)].bands;
    bands.resize(width);
    BandComparison& band = bands[i / 3 % width];
    (i % 3 == 0   ? band.agreement
     : i % 3 == 1 ? band.correlation
                  : band.median_error) =
        value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.as_double();
    ++i;
  }
  i = 0;
  for (const JsonValue value : json.at("kl").items()) run.steps[i++].divergence = value.as_double();
  for (const auto& [key, prediction] : predictions) {
    i = 0;
    for (const JsonValue value : list(key, 2 * run.steps.size())) {
      Prediction& of_step = run.steps[i / 2].*prediction;
      if (i++ % 2 == 0)
        of_step.confidence = value.as_double();
      else
        of_step.right = value.as_bool();
    }
  }
  return run;
}

// `pieces`: those of the first kind, then of the second, ...
NoiseResult join(std::size_t vocabulary, const std::vector<std::pair<std::string, std::size_t>>& kinds,
                 std::vector<NoiseRun> pieces) {
  NoiseResult result{vocabulary, {}};
  auto piece = pieces.begin();
  for (const auto& [name, count] : kinds) {
    NoiseRun run;
    run.name = name;
    run.bands = rank_bands(vocabulary);
    for (std::size_t i = 0; i < count && piece != pieces.end(); ++i, ++piece)
      std::move(piece->steps.begin(), piece->steps.end(), std::back_inserter(run.steps));
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
  std::vector<std::pair<std::string, std::size_t>> names;  // and units of each kind
  std::string settings = std::to_string(plan.seed);
  JsonWriter about;
  about.begin_object().member("vocabulary", vocabulary).key("kinds").begin_array();
  std::size_t total = 0, done = 0;
  for (const NoiseKind& kind : plan.kinds) {
    for (int draw = 0; draw < kind.draws; ++draw)
      for (const Window& window : windows) {
        units.push_back({&kind, draw, &window});
        total += static_cast<std::size_t>(window.size() - window.judged);
      }
    names.emplace_back(kind.name, static_cast<std::size_t>(kind.draws) * windows.size());
    settings += " " + kind.name;
    about.begin_object().member("name", kind.name).member("units", names.back().second).end_object();
  }
  about.end_array().end_object();

  ProgressBar bar("noise", "tok");
  std::unique_ptr<Model> version;
  std::pair<const NoiseKind*, int> loaded{nullptr, 0};
  LongWork<NoiseRun> work;
  work.header = {
      noise_part_kind, work_hash(*reference.model, windows, settings), {}, units.size(), about.text()};
  work.compute = [&](std::size_t i) {
    const Unit& unit = units[i];
    if (loaded != std::pair(unit.kind, unit.draw)) {
      version.reset();  // before the next one takes its memory
      version = load_version(reference.folder, *unit.kind, plan.seed + static_cast<std::uint64_t>(unit.draw),
                             reference.model->threads());
      loaded = {unit.kind, unit.draw};
    }
    return compare_models(*reference.model, *version, *unit.window, stop, [&](std::size_t judged) {
      done += judged;
      bar.update(static_cast<double>(done), static_cast<double>(total));
    });
  };
  work.write = json_of;
  work.read = [&](JsonValue json) { return run_of(json, vocabulary); };
  auto pieces = run_work(flags, work);
  if (!pieces) return std::nullopt;
  return join(vocabulary, names, std::move(*pieces));
}

NoiseResult merge_noise(const std::vector<std::string>& paths) {
  const MergedParts parts = merge_parts(paths, noise_part_kind);
  const JsonDocument about = parse_json(parts.header.about, paths[0]);
  const std::size_t vocabulary = about.root().at("vocabulary").as_uint();
  std::vector<std::pair<std::string, std::size_t>> names;
  for (const JsonValue kind : about.root().at("kinds").items())
    names.emplace_back(kind.at("name").as_string(), kind.at("units").as_uint());
  return join(vocabulary, names,
              read_results<NoiseRun>(parts, [&](JsonValue json) { return run_of(json, vocabulary); }));
}

}  // namespace kelvin
