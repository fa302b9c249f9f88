// kelvin-generate --draws: from a request to lines on stdout or in a file.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "tools/batch/draw_file.h"
#include "tools/generation/continuation.h"
#include "tools/generation/generation_loop.h"
#include "tools/options/model_options.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct DrawRun {
  ContinuationRequest request;  // of draw 0
  std::size_t draws = 1;
  int width = 0;  // side by side; 0: as memory holds them
  LoopOptions loop = {};
  std::string run;  // draw_line.h
  Provenance made;
  DrawFile* file = nullptr;  // instead of stdout
  bool json = false;         // on stdout
  std::function<void(double done, double total)> progress = {};
};

struct DrawResult {
  DrawStatistics statistics;  // of all, those that the file held before included
  std::size_t drawn = 0;      // tokens of this run
  double seconds = 0;         // that they took, the prompt included
  bool context_full = false;  // of one of this run
  bool interrupted = false;
};

// Draws what the file does not hold, and writes each draw as soon as it is done; on stdout in their order, and on an
// interruption whatever there is. Throws what draw_continuations() does.
DrawResult run_draws(OpenModel& model, const DrawRun& run);

}  // namespace kelvin
