#include "tools/options/model_origin.h"

#include "engine/weights/weights.h"
#include "tools/options/model_folder_option.h"
#include "tools/output/model_hash.h"

namespace kelvin {

ModelOrigin origin_of(const OpenModel& model) { return origin_of(model.folder, *model.model, model.lora); }

ModelOrigin origin_of(const std::filesystem::path& folder, const Model& model,
                      const std::optional<std::filesystem::path>& lora) {
  return {model_name(folder) + (lora ? "+" + model_name(*lora) : ""),
          model_hash(folder, model.threads(), lora), model.weights().kind().name(),
          name_of(model.kv_shape().storage)};
}

}  // namespace kelvin
