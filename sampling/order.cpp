#include "sampling/order.h"

#include <algorithm>

namespace kelvin {

const std::vector<Order>& orders() {
  static const std::string zero = ":origin=zero", all_ties = ":ties=all", window = ":last=64";
  static const std::vector<Order> all = {
      {"default", "constraints, history, shaping, truncation, temperature last", {}},
      {"hf",
       "transformers: temperature before truncation",
       {{"sequence-bias"},
        {"bias"},
        {"penalty"},
        {"no-repeat"},
        {"min-new"},
        {"end-decay"},
        {"ban"},
        {"temp", zero},
        {"top-h"},
        {"top-k", all_ties},
        {"top-p", ":meaning=hf"},
        {"min-p"},
        {"typical", all_ties},
        {"epsilon"},
        {"eta"}}},
      {"llama.cpp",
       "temperature after truncation; penalties look back 64 tokens",
       {{"bias"},
        {"ban"},
        {"penalty", window},
        {"frequency", window},
        {"presence", window},
        {"dry", window},
        {"top-n-sigma"},
        {"top-k"},
        {"typical"},
        {"top-p"},
        {"min-p"},
        {"xtc"},
        {"temp", zero}}},
      {"vllm",
       "temperature, then min-p, then top-k and top-p; frequency and presence count the answer alone",
       {{"allow"},
        {"ban"},
        {"min-new"},
        {"bias"},
        {"penalty"},
        {"frequency", ":of=output"},
        {"presence", ":of=output"},
        {"temp", zero},
        {"min-p"},
        {"top-k", all_ties},
        {"top-p", ":meaning=hf"}}},
      {"mlx",
       "mlx-lm: temperature last, top-k after the others; the penalty looks back 20 tokens",
       {{"bias"},
        {"penalty", ":last=20"},
        {"top-p", ":meaning=hf"},
        {"min-p"},
        {"xtc"},
        {"top-k"},
        {"temp", zero}}},
      {"ollama",
       "its own sampler: top-k, temperature, then top-p and min-p",
       {{"penalty", window},
        {"frequency", window},
        {"presence", window},
        {"top-k"},
        {"temp", zero},
        {"top-p"},
        {"min-p"}}},
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

namespace {

std::size_t index_of(const Order& order, std::string_view stage) {
  const auto named = std::find_if(order.places.begin(), order.places.end(),
                                  [&](const auto& place) { return place.stage == stage; });
  return static_cast<std::size_t>(named - order.places.begin());
}

}  // namespace

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
