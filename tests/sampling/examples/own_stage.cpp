// A sampler of one's own, from outside the tree: registers a stage by name and uses it in chain text.
#include <cstdio>
#include <vector>

#include "sampling/chain.h"
#include "sampling/registry.h"

// Removes every token whose id is not a multiple of `step`.
void every_nth(std::span<float> logits, const kelvin::Params& params, const kelvin::Step&) {
  const auto step = static_cast<std::size_t>(params["step"]);
  for (std::size_t id = 0; id < logits.size(); ++id)
    if (id % step != 0) logits[id] = kelvin::impossible;
}

int main() {
  kelvin::register_stage({.name = "every-nth",
                          .kind = kelvin::Kind::truncation,
                          .apply = every_nth,
                          .parameters = {{.name = "step", .default_value = 2, .min = 1, .integer = true}},
                          .help = "keep every nth token"});
  const auto chain = kelvin::Chain::parse("every-nth=3,temp=0");
  std::vector<float> logits = {1, 9, 2, 5, 4, 3, 4.5f};
  kelvin::ChainState state;
  std::printf("%s -> %d\n", chain.text().c_str(), chain.sample(logits, {}, state));
}
