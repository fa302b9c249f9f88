// The noise floor of a model: one text through it in float32 and through versions that differ only in
// numerical detail.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sampling/statistics/calibration.h"
#include "tools/lab/noise/perturbed_weights.h"
#include "tools/lab/reading/lab_input.h"
#include "tools/lab/thermometer/rank_bands.h"
#include "tools/lab/work/long_work.h"

namespace kelvin {

// A way to store the weights, or float32 with noise in the last bit of something, in several draws.
struct NoiseKind {
  std::string name;
  Storage storage = Storage::f32;
  std::optional<LastBit> noise;
  int draws = 1;
};

struct NoiseStep {
  std::vector<BandComparison> bands;
  double divergence = 0;        // KL from the float32 model, nats
  Prediction in_f32{}, here{};  // at T = 1
};

struct NoiseRun {
  std::string name;
  std::vector<RankBand> bands;
  std::vector<NoiseStep> steps;  // (judged tokens x draws,)

  double kl() const;  // mean
};

struct NoisePlan {
  std::vector<NoiseKind> kinds;
  LabInput input;
  int positions = 0;       // most judged tokens; 0: all
  std::uint64_t seed = 0;  // of the noise
};

struct NoiseResult {
  std::size_t vocabulary = 0;
  std::vector<NoiseRun> runs;  // one for each kind
};

// `reference` keeps its weights in float32. A text longer than its context is read in windows that share half
// of it (lab_windows.h). Shows a progress bar. Nothing is returned if only a shard was done. Throws Interrupted,
// with what is saved.
std::optional<NoiseResult> measure_noise(OpenModel& reference, const NoisePlan& plan, const WorkFlags& flags,
                                         const std::atomic<bool>* stop);

// The same from the parts of all shards.
NoiseResult merge_noise(const std::vector<std::string>& parts);

}  // namespace kelvin
