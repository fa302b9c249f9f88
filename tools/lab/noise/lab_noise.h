// The noise floor of a model: one text through it in float32 and through
// versions that differ only in numerical detail.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sampling/statistics/calibration.h"
#include "tools/lab/noise/noise_kind.h"
#include "tools/lab/reading/lab_input.h"
#include "tools/lab/thermometer/rank_bands.h"
#include "tools/lab/work/long_work.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct NoiseStep {
  std::vector<BandComparison> bands;
  double divergence = 0;              // KL from the reference, nats
  Prediction in_reference{}, here{};  // at T = 1
};

struct NoiseRun {
  std::string name;
  std::vector<RankBand> bands;
  std::vector<NoiseStep> steps;  // (draws, judged tokens)
  std::size_t draws = 1;

  double kl() const;  // mean
};

struct NoisePlan {
  std::vector<NoiseKind> kinds;  // empty: the usual ones, none of which is the reference itself
  int draws = 3;                 // of each of the usual kinds of noise
  LabInput input;
  int positions = 0;       // most judged tokens; 0: all
  std::uint64_t seed = 0;  // of the noise
};

struct NoiseResult {
  std::size_t vocabulary = 0;
  std::string reference;       // "bf16" where the weights of the files are that, else "f32"
  std::vector<NoiseRun> runs;  // one for each kind
  ModelOrigin origin{};
  std::optional<std::uint64_t> seed = {};  // of the noise, where there is any
};

// `reference` keeps its weights in float32. A kind that would store them as they are is refused with a
// UsageError. A text longer than its context is read in windows that share half of it (lab_windows.h). Shows a
// progress bar. Nothing is returned if only a shard was done. Throws Interrupted, with what is saved.
std::optional<NoiseResult> measure_noise(OpenModel& reference, const NoisePlan& plan, const WorkFlags& flags,
                                         const std::atomic<bool>* stop);

// The same from the parts of all shards.
NoiseResult merge_noise(const std::vector<std::string>& parts);

}  // namespace kelvin
