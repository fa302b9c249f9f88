// A text of any length through a model, for what a temperature can be asked of it.
#pragma once

#include <atomic>
#include <optional>

#include "tools/lab/reading/lab_input.h"
#include "tools/lab/reading/lab_text.h"
#include "tools/lab/work/long_work.h"

namespace kelvin {

struct ReadingOptions {
  int overlap = -1;  // tokens that windows share (lab_windows.h); -1: half the context
  int skip = 0;      // tokens at the front of every document that are read but not judged, beside the first
  const std::atomic<bool>* stop = nullptr;

  void add_to(Flags& flags);  // --overlap
  bool overlap_given() const { return overlap >= 0; }
};

// Shows a progress bar. Each window is a unit of the work; nothing is returned if only a shard was read.
// Throws UsageError if the overlap does not fit; Interrupted, with what is saved.
std::optional<LabText> read_lab_text(OpenModel& model, const LabInput& input,
                                     const ReadingOptions& options = {}, const WorkFlags& work = {});

// The same from the parts of all shards.
LabText merge_lab_text(const std::vector<std::string>& parts);

}  // namespace kelvin
