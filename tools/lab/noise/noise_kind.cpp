#include "tools/lab/noise/noise_kind.h"

#include "tools/options/flags.h"

namespace kelvin {

NoiseKind noise_kind(const std::string& name, int draws) {
  if (name == "ulp-f32" || name == "ulp-bf16")
    return {name + (draws > 1 ? " x " + std::to_string(draws) : ""), Storage::f32,
            name == "ulp-f32" ? LastBit::f32 : LastBit::bf16, draws};
  const auto storage = storage_named(name);
  if (!storage || *storage == Storage::f32)
    throw UsageError("--runs: bf16, q8, q4, ulp-f32 and ulp-bf16 are known, \"" + name + "\" found");
  return {name, *storage, std::nullopt, 1};
}

std::vector<NoiseKind> usual_noise_kinds(const std::string& reference, int draws) {
  std::vector<NoiseKind> kinds;
  for (const char* name : {reference == "bf16" ? "ulp-bf16" : "bf16", "q8", "q4", "ulp-f32"})
    kinds.push_back(noise_kind(name, draws));
  return kinds;
}

void refuse_reference(std::span<const NoiseKind> kinds, const std::string& reference) {
  for (const NoiseKind& kind : kinds)
    if (!kind.noise && kind.name == reference)
      throw UsageError("--runs: " + kind.name + ": the weights of this model are " + reference +
                       " already, which would be compared with themselves; ulp-" + reference +
                       " moves each by one unit in its last place");
}

}  // namespace kelvin
