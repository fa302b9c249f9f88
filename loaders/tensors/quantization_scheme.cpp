#include "loaders/tensors/quantization_scheme.h"

#include <string_view>

namespace kelvin {
namespace {

std::string_view name_of(QuantMethod method) {
  switch (method) {
    case QuantMethod::fp8:
      return "FP8";
    case QuantMethod::compressed_tensors:
      return "compressed-tensors";
    case QuantMethod::gptq:
      return "GPTQ";
    case QuantMethod::awq:
      return "AWQ";
    case QuantMethod::mxfp4:
      return "MXFP4";
  }
  return "";
}

std::string scales_text(const QuantGroup& group) {
  switch (group.scales) {
    case QuantGroup::Scales::tensor:
      return "a scale per matrix";
    case QuantGroup::Scales::channel:
      return "a scale per row";
    case QuantGroup::Scales::group:
      return group.group_size == 0 ? "a scale per row" : "groups of " + std::to_string(group.group_size);
    case QuantGroup::Scales::block:
      return "blocks of " + std::to_string(group.block_rows) + " x " + std::to_string(group.block_cols);
  }
  return "";
}

}  // namespace

std::string QuantizationScheme::text() const {
  std::string text(name_of(method));
  for (const QuantGroup& group : groups) {
    text += &group == &groups.front() ? ", " : " and ";
    if (method != QuantMethod::fp8 && method != QuantMethod::mxfp4)
      text += group.floats ? "FP8, " : std::to_string(group.bits) + " bits, ";
    text += scales_text(group);
  }
  return activations ? text + ", activations not quantised" : text;
}

}  // namespace kelvin
