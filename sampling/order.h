// Where plain flags stand in the chain: Kelvin's own order, or that of another engine with its meanings of
// the same names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sampling/registry.h"

namespace kelvin {

struct Order {
  struct Place {
    std::string stage;
    std::string dialect;  // parameters by which this engine's meaning differs: ":ties=all"
  };
  std::string name;
  std::string help;
  std::vector<Place> places;  // empty: the registry's order
};

const std::vector<Order>& orders();
const Order* find_order(std::string_view name);  // nullptr if there is none
std::vector<std::string> order_names();

// A number that grows along the chain. Stages an order does not name keep to their kind: constraints and
// history come first, other temperatures stand where temp does, shaping and truncation before a temperature
// that comes last, feedback at the end.
int place_in(const Order& order, const StageType& type);

// "top-k=40" as that engine means it: its dialect is added unless the user wrote parameters of his own.
std::string in_dialect(const Order& order, const StageType& type, std::string_view value);

}  // namespace kelvin
