// Draws of kelvin-generate as documents.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/weights/config.h"
#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "tools/lab/reading/lab_input.h"
#include "tools/options/prompt_options.h"

namespace kelvin {
namespace {

std::vector<int> ids_in(JsonValue line, const char* key, const std::string& name, std::size_t vocabulary) {
  std::vector<int> ids;
  const JsonValue list = line.at(key);
  ids.reserve(list.size());
  for (const JsonValue id : list.items())
    ids.push_back(static_cast<int>(std::clamp<std::int64_t>(id.as_int(), -1, 1 << 30)));
  if (!ids.empty()) require_ids(name + ": " + key, ids, vocabulary);
  return ids;
}

}  // namespace

bool holds_draws(std::string_view text) {
  return text.starts_with("{\"draw\":") || text.starts_with("{\"prompt_ids\":");
}

LabInput lab_input_draws(const OpenModel& model, const std::string& name, const std::string& lines) {
  LabInput input;
  input.name = name;
  const auto vocabulary = static_cast<std::size_t>(model.model->config().vocab_size);
  std::size_t place = 0;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    const std::string line = lines.substr(begin, end - begin);
    begin = end + 1;
    const std::string where = name + ", line " + std::to_string(++place);
    try {
      const JsonDocument document = parse_json(line, where);
      std::vector<int> ids = ids_in(document.root(), "prompt_ids", where, vocabulary);
      const std::vector<int> drawn = ids_in(document.root(), "ids", where, vocabulary);
      if (drawn.empty()) continue;
      if (ids.empty()) throw UsageError(where + ": prompt_ids: at least one id expected, none found");
      input.given.push_back(ids.size());
      for (const int id : drawn)
        if (!model.tokenizer().is_special(id)) input.bytes += model.tokenizer().bytes(id).size();
      ids.insert(ids.end(), drawn.begin(), drawn.end());
      input.documents.push_back(std::move(ids));
      const std::string chain(document.root().at("chain").as_string());
      if (std::find(input.chains.begin(), input.chains.end(), chain) == input.chains.end())
        input.chains.push_back(chain);
    } catch (const LoadError& error) {
      throw UsageError(std::string(error.what()) + "; lines of kelvin-generate --json expected");
    }
  }
  if (input.documents.empty()) throw UsageError(name + ": there is no draw with a token to judge");
  return input;
}

}  // namespace kelvin
