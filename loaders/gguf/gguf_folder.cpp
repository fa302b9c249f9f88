#include "loaders/gguf/gguf_folder.h"

#include "loaders/gguf/gguf_config.h"
#include "loaders/json/json_writer.h"

namespace kelvin {
namespace {

void write_value(JsonValue value, JsonWriter& json) {
  switch (value.type()) {
    case JsonType::null:
      json.value(nullptr);
      return;
    case JsonType::boolean:
      json.value(value.as_bool());
      return;
    case JsonType::number:
      value.is_integer() ? json.value(value.as_int()) : json.value(value.as_double());
      return;
    case JsonType::string:
      json.value(value.as_string());
      return;
    case JsonType::array:
      json.begin_array();
      for (const JsonValue item : value.items()) write_value(item, json);
      json.end_array();
      return;
    case JsonType::object:
      json.begin_object();
      for (const auto& [key, member] : value.members()) {
        json.key(key);
        write_value(member, json);
      }
      json.end_object();
      return;
  }
}

std::string text_of(const JsonDocument& document) {
  JsonWriter json;
  write_value(document.root(), json);
  return json.text() + "\n";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> gguf_folder_files(const GgufModel& model) {
  const GgufKeys keys = model.keys();
  std::vector<std::pair<std::string, std::string>> files = {
      {"config.json", text_of(gguf_config(keys, gguf_family(keys)))},
      {gguf_tokenizer_name, model.main().without_tensors()}};
  if (const auto generation = gguf_generation_config(model.main()))
    files.push_back({"generation_config.json", text_of(*generation)});
  return files;
}

}  // namespace kelvin
