#include "tools/lab/noise/noise_json.h"

#include <limits>
#include <utility>

#include "loaders/json/json_writer.h"

namespace kelvin {
namespace {

constexpr std::pair<const char*, Prediction NoiseStep::*> predictions[] = {
    {"in_reference", &NoiseStep::in_reference}, {"here", &NoiseStep::here}};

}  // namespace

std::string json_of_noise(const NoiseRun& run) {
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

NoiseRun noise_of_json(JsonValue json, std::size_t vocabulary) {
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

}  // namespace kelvin
