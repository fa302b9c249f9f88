// kelvin-sweep --generate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/lab/melting/melting_work.h"
#include "tools/lab/work/long_work.h"
#include "tools/options/flags.h"
#include "tools/options/model_options.h"

namespace kelvin {

struct MeltingFlags {
  bool asked = false;
  std::optional<int> tokens;

  void add_to(Flags& flags);  // --generate, --n
};

// What the other flags of kelvin-sweep say to it.
struct MeltingSetting {
  std::vector<double> betas;  // empty: 20 temperatures from 0.5 to 2.5
  std::optional<int> texts;   // --draws
  std::uint64_t seed = 0;
};

// The texts, drawn after `prompt`. Throws UsageError on a temperature of 0, infinity or one that is there twice.
std::optional<MeltingTexts> melting_texts(OpenModel& model, const std::vector<int>& prompt,
                                          const MeltingFlags& flags, const MeltingSetting& setting,
                                          const WorkFlags& work);

}  // namespace kelvin
