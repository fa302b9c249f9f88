#include "sampling/stage.h"

#include <stdexcept>

namespace kelvin {

const Params::Value& Params::find(std::string_view name) const {
  for (const Value& value : values_)
    if (value.name == name) return value;
  throw std::out_of_range("no parameter \"" + std::string(name) + "\" in this stage");
}

double Params::operator[](std::string_view name) const { return find(name).number; }

std::string_view Params::text(std::string_view name) const { return find(name).text; }

void Params::set(std::string_view name, double number, std::string_view text) {
  for (Value& value : values_)
    if (value.name == name) {
      value.number = number;
      value.text = text;
      return;
    }
  values_.push_back({std::string(name), number, std::string(text)});
}

}  // namespace kelvin
