// All logits of a model in a folder or a GGUF file.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/forward/model.h"
#include "engine/weights/weight_kind.h"
#include "loaders/model/model_folder.h"

namespace kelvin::test {

// (ids, vocabulary), one row behind the other.
inline std::vector<float> model_logits(const std::filesystem::path& path, std::span<const int> ids,
                                       std::optional<WeightKind> kind = {}) {
  LoadOptions options;
  options.storage = kind;
  LoadedModel loaded = load_model(path, options);
  Model model(std::move(loaded.config), std::move(loaded.weights), {.threads = 1});
  Sequence sequence(model, static_cast<int>(ids.size()));
  std::vector<float> all;
  const Feed feed{&sequence, ids, Want::all};
  model.forward({&feed, 1}, [&](int, int, std::span<const float> logits) {
    all.insert(all.end(), logits.begin(), logits.end());
  });
  return all;
}

}  // namespace kelvin::test
