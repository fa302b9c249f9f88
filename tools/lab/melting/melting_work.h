// Drawing the texts that melt, temperature by temperature: interrupted and gone on with, divided among machines.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/lab/melting/melting.h"
#include "tools/lab/work/long_work.h"
#include "tools/options/model_options.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct MeltingRequest {
  std::span<const int> prompt;
  std::vector<double> betas;  // finite but 0, coldest first
  int texts = 16, tokens = 64;
  std::uint64_t seed = 0;
  const std::atomic<bool>* stop = nullptr;
};

struct MeltingTexts {
  ModelOrigin origin;
  std::vector<MeltingUnit> units;
};

// Text number d has stream d of the seed at every temperature, so that texts of one number share their noise; end tokens
// do not end them. Shows a progress bar. Nothing is returned if only a shard was drawn. Throws Interrupted, with what is
// saved; OutOfMemory; UserError where prompt and tokens exceed the context.
std::optional<MeltingTexts> draw_melting_texts(OpenModel& model, const MeltingRequest& request,
                                               const WorkFlags& work);
MeltingTexts merge_melting_texts(const std::vector<std::string>& parts);

// A text as a JSON object, with T, beta and its number: {"type":"text","T":1,"beta":1,"draw":0,"ids":[...],...}.
std::string text_json(double beta, const DrawnText& text);

}  // namespace kelvin
