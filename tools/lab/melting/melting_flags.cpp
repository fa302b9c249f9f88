#include "tools/lab/melting/melting_flags.h"

#include <cmath>

#include "tools/lab/sweep/lab_sweep.h"
#include "tools/terminal/interrupt.h"

namespace kelvin {

void MeltingFlags::add_to(Flags& flags) {
  flags.toggle(
      "generate",
      "melting curves: texts drawn after the text at every temperature (default: 20 from 0.5 to 2.5; --draws "
      "N "
      "texts each, default 16), their energy and entropy, how the energy answers to T and how it fluctuates, "
      "correlations, drift, and where they melt",
      asked);
  flags.option("n", "N", "tokens of each text of --generate (default 64)", to(tokens, 8, 1 << 20));
}

std::optional<MeltingTexts> melting_texts(OpenModel& model, const std::vector<int>& prompt,
                                          const MeltingFlags& flags, const MeltingSetting& setting,
                                          const WorkFlags& work) {
  const Interrupt interrupt;
  MeltingRequest request;
  request.prompt = prompt;
  request.betas = setting.betas.empty() ? betas_of_temperatures("0.5:2.5:20") : setting.betas;
  for (const double beta : request.betas)
    if (beta == 0 || std::isinf(beta))
      throw UsageError("--generate: temperatures other than 0 and infinity expected");
  request.texts = setting.texts.value_or(16);
  request.tokens = flags.tokens.value_or(64);
  request.seed = setting.seed;
  request.stop = Interrupt::flag();
  return draw_melting_texts(model, request, work);
}

}  // namespace kelvin
