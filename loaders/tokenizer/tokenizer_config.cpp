#include "loaders/tokenizer/tokenizer_config.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/json/json_file.h"
#include "loaders/tokenizer/tokenizer_json_parts.h"
#include "tokenizer/spec.h"

namespace kelvin {

namespace fs = std::filesystem;

namespace {

int id_of_key(std::string_view key, JsonValue place) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size())
    place.fail("an id as key expected, " + in_quotes(key) + " found");
  return token_id(place, id);
}

using TokensById = std::map<int, AddedToken>;

void read_decoder_list(JsonValue list, TokensById& tokens) {
  for (const auto& [key, value] : list.members()) {
    AddedToken token;
    token.id = id_of_key(key, value);
    token.content = value.at("content").as_string();
    if (token.content.empty()) value.at("content").fail("an added token must not be empty");
    token.special = bool_member(value, "special", false);
    token.lstrip = bool_member(value, "lstrip", false);
    token.rstrip = bool_member(value, "rstrip", false);
    token.single_word = bool_member(value, "single_word", false);
    token.normalized = false;
    if (!tokens.emplace(token.id, token).second)
      value.fail("id " + std::to_string(token.id) + " stands twice");
  }
}

void read_added_list(JsonValue root, TokensById& tokens) {
  for (const auto& [content, value] : root.members()) {
    const AddedToken token{
        .content = std::string(content), .id = token_id(value, value.as_int()), .normalized = false};
    const auto [place, added] = tokens.emplace(token.id, token);
    if (!added && place->second.content != content)
      value.fail("id " + std::to_string(token.id) + " is " + in_quotes(place->second.content) +
                 " in tokenizer_config.json");
  }
}

}  // namespace

TokenizerNotes read_tokenizer_notes(const fs::path& folder) {
  TokenizerNotes notes;
  TokensById tokens;
  const fs::path config = folder / "tokenizer_config.json", added = folder / "added_tokens.json";
  notes.name = path_text(config);
  if (fs::exists(config)) {
    const JsonDocument document = load_json(config);
    const JsonValue root = document.root();
    notes.tokenizer_class = string_member(root, "tokenizer_class", "");
    notes.bos_token = token_member(root, "bos_token");
    notes.eos_token = token_member(root, "eos_token");
    notes.pat_str = token_member(root, "pat_str");
    notes.add_bos_token = optional_bool(root, "add_bos_token");
    notes.add_eos_token = optional_bool(root, "add_eos_token");
    notes.add_prefix_space = optional_bool(root, "add_prefix_space");
    notes.legacy = optional_bool(root, "legacy");
    if (const auto list = optional_member(root, "added_tokens_decoder")) read_decoder_list(*list, tokens);
  }
  if (fs::exists(added)) read_added_list(load_json(added).root(), tokens);
  for (auto& [id, token] : tokens) notes.added_tokens.push_back(std::move(token));
  return notes;
}

void add_noted_tokens(const TokenizerNotes& notes, TokenizerSpec& spec) {
  const auto fail = [&](const AddedToken& token, const std::string& problem) {
    throw LoadError(notes.name, "added token " + in_quotes(token.content) + ": " + problem);
  };
  std::map<int, std::size_t> by_id;
  for (std::size_t i = 0; i < spec.added_tokens.size(); ++i) by_id[spec.added_tokens[i].id] = i;
  for (const AddedToken& token : notes.added_tokens) {
    const int known = spec.vocabulary.find(token.content);
    if (known >= 0 && known != token.id)
      fail(token, "id " + std::to_string(known) + " expected from the vocabulary, " +
                      std::to_string(token.id) + " found");
    if (known < 0 && spec.vocabulary.has(token.id))
      fail(token, "id " + std::to_string(token.id) + " is " + in_quotes(spec.vocabulary.token(token.id)) +
                      " in the vocabulary");
    if (const auto place = by_id.find(token.id); place != by_id.end())
      spec.added_tokens[place->second] = token;
    else
      spec.added_tokens.push_back(token);
  }
}

int id_of(const TokenizerSpec& spec, std::string_view content) {
  for (const AddedToken& token : spec.added_tokens)
    if (token.content == content) return token.id;
  return spec.vocabulary.find(content);
}

}  // namespace kelvin
