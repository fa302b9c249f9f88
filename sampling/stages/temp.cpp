// temp and beta: one constant temperature, any number from -inf to inf.
#include "sampling/stage.h"
#include "sampling/stages/temperature.h"

namespace kelvin::sampling {

void temp(std::span<float> logits, const Params& params, const StageContext&) {
  temper(logits, beta_of(params["temperature"]), params.text("origin") == "zero");
}

void beta(std::span<float> logits, const Params& params, const StageContext&) {
  temper(logits, params["beta"], params.text("origin") == "zero");
}

}  // namespace kelvin::sampling
