#include "sampling/registry.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sampling/registry_rows.h"

namespace kelvin {

namespace {

std::vector<StageType>& table() {
  static std::vector<StageType> rows = sampling::built_in_samplers();
  return rows;
}

}  // namespace

const std::vector<StageType>& stage_types() { return table(); }

const StageType* find_stage(std::string_view name) {
  for (const StageType& type : table())
    if (type.name == name || std::find(type.aliases.begin(), type.aliases.end(), name) != type.aliases.end())
      return &type;
  return nullptr;
}

void register_stage(StageType type) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (type.name.empty() || !std::all_of(type.name.begin(), type.name.end(), good))
    throw std::invalid_argument("stage name \"" + type.name + "\": letters a-z, digits and '-' expected");
  if (!type.apply) throw std::invalid_argument("stage \"" + type.name + "\" has no function");
  auto& rows = table();
  for (StageType& row : rows)
    if (row.name == type.name) {
      row = std::move(type);
      return;
    }
  const auto place = std::find_if(rows.begin(), rows.end(),
                                  [](const StageType& row) { return row.kind == Kind::temperature; });
  rows.insert(place, std::move(type));
}

}  // namespace kelvin
