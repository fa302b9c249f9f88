#include "loaders/tokenizer/tokenizer_json.h"

#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/tokenizer/tokenizer_json_model.h"
#include "loaders/tokenizer/tokenizer_json_parts.h"

namespace kelvin {

namespace {

void read_added_tokens(JsonValue list, TokenizerSpec& spec) {
  std::set<std::string_view> contents;
  std::set<int> ids;
  for (const JsonValue entry : list.items()) {
    AddedToken token;
    const JsonValue content = entry.at("content"), id = entry.at("id");
    token.content = content.as_string();
    if (token.content.empty()) continue;
    token.id = token_id(id, id.as_int());
    token.special = bool_member(entry, "special", false);
    token.normalized = bool_member(entry, "normalized", !token.special);
    token.lstrip = bool_member(entry, "lstrip", false);
    token.rstrip = bool_member(entry, "rstrip", false);
    token.single_word = bool_member(entry, "single_word", false);
    if (!contents.insert(content.as_string()).second)
      content.fail(in_quotes(token.content) + " stands twice");
    if (!ids.insert(token.id).second) id.fail("id " + std::to_string(token.id) + " stands twice");
    const int known = spec.vocabulary.find(token.content);
    if (known >= 0 && known != token.id)
      id.fail(in_quotes(token.content) + " has id " + std::to_string(known) + " in model.vocab, " +
              std::to_string(token.id) + " found");
    if (known < 0 && spec.vocabulary.has(token.id))
      id.fail("id " + std::to_string(token.id) + " is " + in_quotes(spec.vocabulary.token(token.id)) +
              " in model.vocab");
    spec.added_tokens.push_back(std::move(token));
  }
}

}  // namespace

TokenizerSpec read_tokenizer_json(std::span<const std::byte> text, const std::string& name,
                                  const std::function<void(std::size_t begin, std::size_t end)>& done) {
  TokenizerModelReader model(name);
  std::vector<JsonStream> streams = model.streams();
  std::size_t done_to = 0;
  for (JsonStream& stream : streams)
    stream.item = [&, take = std::move(stream.item)](std::string_view key, JsonValue item) {
      take(key, item);
      constexpr std::size_t step = std::size_t{256} << 10;
      if (!done || item.offset() < done_to + step) return;
      done(done_to, item.offset());
      done_to = item.offset();
    };
  const JsonDocument document = parse_json(text, name, nullptr, streams);
  const JsonValue root = document.root();
  if (!root.is_object())
    root.fail("an object expected, " + std::string(json_type_name(root.type())) + " found");
  TokenizerSpec spec;
  model.finish(root.at("model"), spec);
  if (const auto list = optional_member(root, "added_tokens")) read_added_tokens(*list, spec);
  if (const auto value = optional_member(root, "normalizer")) spec.normalizers = read_normalizers(*value);
  if (const auto value = optional_member(root, "pre_tokenizer"))
    spec.pre_tokenizers = read_pre_tokenizers(*value);
  if (const auto value = optional_member(root, "post_processor"))
    spec.post_processor = read_post_processor(*value);
  if (const auto value = optional_member(root, "decoder")) spec.decoders = read_decoders(*value);
  return spec;
}

}  // namespace kelvin
