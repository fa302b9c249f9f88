#include "sampling/order.h"

#include <algorithm>

#include "sampling/chain_text.h"

namespace kelvin {

namespace {

// "top-p,temp:origin=zero": stages in their order, some with what is said behind a colon as their dialect.
std::vector<Order::Place> places_of(std::string_view stages) {
  std::vector<Order::Place> places;
  for (const std::string& stage : split_chain(stages)) {
    const std::size_t colon = std::min(stage.find(':'), stage.size());
    places.push_back({stage.substr(0, colon), stage.substr(colon)});
  }
  return places;
}

std::size_t index_of(const Order& order, std::string_view stage) {
  const auto named = std::find_if(order.places.begin(), order.places.end(),
                                  [&](const auto& place) { return place.stage == stage; });
  return static_cast<std::size_t>(named - order.places.begin());
}

}  // namespace

const std::vector<Order>& orders() {
  static const std::vector<Order> all = {
      {"default", "constraints, history, shaping, truncation, temperature last", {}},
      {"hf", "transformers: temperature before truncation",
       places_of("sequence-bias, bias, encoder-penalty, penalty, no-repeat, encoder-no-repeat, min-new, "
                 "end-decay, ban, temp:origin=zero, top-h, "
                 "top-k:ties=all, top-p:meaning=hf, min-p, typical:ties=all, epsilon, eta")},
      {"llama.cpp", "temperature after truncation; penalties look back 64 tokens",
       places_of("bias, ban, penalty:last=64, frequency:last=64, presence:last=64, dry:last=64, top-n-sigma, "
                 "top-k, typical, top-p, min-p, xtc, temp:origin=zero")},
      {"vllm", "temperature, then min-p, then top-k and top-p; frequency and presence count the answer alone",
       places_of("allow, ban, min-new, bias, penalty, frequency:of=output, presence:of=output, "
                 "temp:origin=zero, min-p, top-k:ties=all, top-p:meaning=hf")},
      {"mlx", "mlx-lm: temperature last, top-k after the others; the penalty looks back 20 tokens",
       places_of("bias, penalty:last=20, top-p:meaning=hf, min-p, xtc, top-k, temp:origin=zero")},
      {"ollama", "its own sampler: top-k, temperature, then top-p and min-p",
       places_of("penalty:last=64, frequency:last=64, presence:last=64, top-k, temp:origin=zero, top-p, "
                 "min-p")},
  };
  return all;
}

const Order* find_order(std::string_view name) {
  const auto found =
      std::find_if(orders().begin(), orders().end(), [&](const Order& order) { return order.name == name; });
  return found == orders().end() ? nullptr : &*found;
}

std::vector<std::string> order_names() {
  std::vector<std::string> names;
  for (const Order& order : orders()) names.push_back(order.name);
  return names;
}

int place_in(const Order& order, const StageType& type) {
  const auto& rows = stage_types();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const StageType& t) { return t.name == type.name; });
  const int own = static_cast<int>(row - rows.begin());
  if (order.places.empty()) return own;
  // Named stages stand `apart` from each other, so that the others find a place between them in the
  // registry's order.
  constexpr int apart = 10000;
  const std::size_t n = order.places.size(), temp = index_of(order, "temp");
  const auto at = [](std::size_t index) { return (static_cast<int>(index) + 1) * apart; };
  if (const std::size_t index = index_of(order, type.name); index < n) return at(index);
  switch (type.kind) {
    case Kind::constraint:
    case Kind::history:
      return own;
    case Kind::temperature:
      return at(temp) + own;
    case Kind::shaping:
    case Kind::truncation:
      return (temp + 1 == n ? at(temp) - apart : at(n)) + own;
    case Kind::feedback:
      break;
  }
  return at(n) + apart + own;
}

std::string in_dialect(const Order& order, const StageType& type, std::string_view value) {
  std::string text = type.name + "=" + std::string(value);
  // Other temperatures have the parameters of temp, where they have them at all.
  const std::size_t index =
      index_of(order, type.name == "beta" || type.name == "temp-dynamic" ? "temp" : type.name);
  const bool plain = value.find(':') == value.npos;
  return index < order.places.size() && plain ? text + order.places[index].dialect : text;
}

}  // namespace kelvin
