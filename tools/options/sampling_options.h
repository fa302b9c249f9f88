// How the next token is drawn: the sampling group of a command line, one flag for each stage of the registry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/settings.h"
#include "tools/options/flags.h"

namespace kelvin {

struct SamplingOptions {
  SamplerSettings settings;
  std::optional<std::uint64_t> seed;

  // Adds the group. Flags are stronger than what generation_config.json says, that is stronger than the
  // defaults.
  void add_to(Flags& flags);
};

// A seed that nobody chose; below 2^32, so that it is easily typed again.
std::uint64_t random_seed();

// What SamplerSettings::set takes as names: those of /set and of the flags.
std::vector<std::string> setting_names();

}  // namespace kelvin
