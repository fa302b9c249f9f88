#include "tools/inspect/tokenizer_check.h"

#include <fstream>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_writer.h"
#include "loaders/tokenizer/base64.h"

namespace kelvin {
namespace {

std::string text_of(JsonValue line) {
  const auto text = line.find("text");
  return text ? std::string(text->as_string()) : text_in_base64(line);
}

template <class Value>
std::string difference(std::size_t number, std::string_view key, const Value& expected, const Value& found) {
  JsonWriter json;
  json.begin_object().member("line", number).member("key", key);
  return json.member("expected", expected).member("found", found).end_object().text();
}

// The first thing that is wrong, or nothing.
std::string wrong_in(const Tokenizer& tokenizer, JsonValue line, std::size_t number) {
  const std::vector<int> ids = ids_of(line.at("ids"), tokenizer);
  if (line.find("text") || line.find("text_b64")) {
    const std::string text = text_of(line);
    if (const std::vector<int> own = tokenizer.encode(text); own != ids)
      return difference(number, "ids", ids, own);
    if (const auto plain = line.find("ids_plain")) {
      const std::vector<int> expected = ids_of(*plain, tokenizer), own = tokenizer.encode(text, false);
      if (own != expected) return difference(number, "ids_plain", expected, own);
    }
  }
  for (const bool skip : {false, true}) {
    const std::string_view key = skip ? "decoded_skip_special" : "decoded";
    const auto expected = line.find(key);
    if (!expected) continue;
    const std::string own = tokenizer.decode(ids, skip);
    if (own != expected->as_string()) return difference(number, key, std::string(expected->as_string()), own);
  }
  return {};
}

}  // namespace

std::string text_in_base64(JsonValue line) {
  const JsonValue encoded = line.at("text_b64");
  const auto bytes = from_base64(encoded.as_string());
  if (!bytes) encoded.fail("base64 expected");
  return *bytes;
}

std::vector<int> ids_of(JsonValue list, const Tokenizer& tokenizer) {
  std::vector<int> ids;
  for (const JsonValue item : list.items()) {
    const std::int64_t id = item.as_int();
    if (id < 0 || id >= tokenizer.vocab_size()) item.fail("no token has the id " + std::to_string(id));
    ids.push_back(static_cast<int>(id));
  }
  return ids;
}

CheckResult check_tokenizer(const Tokenizer& tokenizer, const std::filesystem::path& dump,
                            const std::function<void(const std::string& json)>& differs) {
  std::ifstream file(dump, std::ios::binary);
  if (!file)
    throw LoadError(path_text(dump), "cannot be read (tools/README.md has the script that writes it)");
  CheckResult result;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const JsonDocument line =
        parse_json(std::move(text), path_text(dump) + ", line " + std::to_string(number));
    ++result.lines;
    if (const std::string wrong = wrong_in(tokenizer, line.root(), number); !wrong.empty()) {
      ++result.differ;
      differs(wrong);
    }
  }
  if (result.lines == 0) throw LoadError(path_text(dump), "has no lines");
  return result;
}

}  // namespace kelvin
