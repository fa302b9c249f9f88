#include "loaders/gguf/gguf_keys.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace kelvin {

GgufKeys::GgufKeys(std::vector<const GgufFile*> parts)
    : parts_(std::move(parts)), architecture_(file().at("general.architecture").as_string()) {
  for (const GgufFile* part : parts_)
    for (const StoredTensor& tensor : part->tensors()) tensors_.emplace(tensor.name, &tensor);
}

std::string GgufKeys::full_name(std::string_view key) const {
  return std::string(architecture_).append(".").append(key);
}

std::optional<GgufValue> GgufKeys::find(std::string_view key) const {
  read_.insert(std::string(key));
  return look(key);
}

GgufValue GgufKeys::at(std::string_view key) const {
  read_.insert(std::string(key));
  return file().at(full_name(key));
}

std::optional<GgufValue> GgufKeys::look(std::string_view key) const { return file().find(full_name(key)); }

std::optional<std::int64_t> GgufKeys::integer(std::string_view key, std::int64_t low) const {
  const auto value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_array()) return value->int_in(low, std::numeric_limits<int>::max());
  const std::vector<std::int64_t> layers = value->ints();
  if (layers.empty() ||
      std::adjacent_find(layers.begin(), layers.end(), std::not_equal_to<>()) != layers.end())
    value->fail("one number for all layers expected, different ones found");
  if (layers[0] < low || layers[0] > std::numeric_limits<int>::max())
    value->fail("integers from " + std::to_string(low) + " on expected, " + std::to_string(layers[0]) +
                " found");
  return layers[0];
}

std::optional<float> GgufKeys::number(std::string_view key) const {
  const auto value = find(key);
  return value ? std::optional(static_cast<float>(value->as_double())) : std::nullopt;
}

std::vector<GgufValue> GgufKeys::unread() const {
  std::vector<GgufValue> values = file().with_prefix(architecture_ + ".");
  std::erase_if(values, [&](const GgufValue& value) { return read_.contains(short_name(value)); });
  return values;
}

std::string_view GgufKeys::short_name(const GgufValue& value) const {
  return value.key().substr(architecture_.size() + 1);
}

std::vector<std::string_view> GgufKeys::tensor_names() const {
  std::vector<std::string_view> names;
  for (const GgufFile* part : parts_)
    for (const StoredTensor& tensor : part->tensors()) names.push_back(tensor.name);
  return names;
}

const StoredTensor* GgufKeys::tensor(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : found->second;
}

}  // namespace kelvin
