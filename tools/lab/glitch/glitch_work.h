// The long part of a search for glitch tokens: contexts that are read and copies that are asked for, in
// units that can be interrupted, divided and joined.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "tools/lab/glitch/copy_test.h"
#include "tools/lab/glitch/glitch_contexts.h"
#include "tools/lab/reading/lab_input.h"
#include "tools/lab/work/long_work.h"

namespace kelvin {

struct GlitchPlan {
  std::optional<LabInput> contexts;
  int tail = 10;         // tokens at the end of a context that count as its tail
  CopyPlan copies = {};  // what is shown and asked for
};

struct GlitchEvidence {
  TailSums contexts;
  std::map<int, CopyAnswer> copies;  // by id
};

// Shows progress bars. Nothing is returned if only a shard was done. Throws UsageError; Interrupted, with what is
// saved.
std::optional<GlitchEvidence> gather_evidence(OpenModel& model, const GlitchPlan& plan,
                                              const WorkFlags& flags, const std::atomic<bool>* stop);

// The same from the parts of all shards, which must be of this model.
GlitchEvidence merge_evidence(const OpenModel& model, const std::vector<std::string>& parts);

}  // namespace kelvin
