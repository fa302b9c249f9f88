#include "loaders/tokenizer/gguf_vocabulary.h"

#include <algorithm>
#include <string>

#include "tokenizer/models/vocabulary.h"

namespace kelvin {

GgufVocabulary read_gguf_vocabulary(const GgufFile& file) {
  GgufVocabulary vocabulary{file.at("tokenizer.ggml.tokens"), {}, {}};
  vocabulary.tokens = vocabulary.place.strings();
  const std::size_t count = vocabulary.tokens.size();
  if (count == 0 || count > static_cast<std::size_t>(TokenTable::id_limit))
    vocabulary.place.fail("1 to " + std::to_string(TokenTable::id_limit) + " tokens expected, " +
                          std::to_string(count) + " found");
  vocabulary.types.assign(count, gguf_token::normal);
  if (const auto types = file.find("tokenizer.ggml.token_type")) {
    vocabulary.types = types->ints();
    if (vocabulary.types.size() != count)
      types->fail("one type for each of " + std::to_string(count) + " tokens expected, " +
                  std::to_string(vocabulary.types.size()) + " found");
    for (const std::int64_t type : vocabulary.types)
      if (type < 0 || type > gguf_token::byte)
        types->fail("types of 0 to 6 expected, " + std::to_string(type) + " found");
  }
  return vocabulary;
}

namespace {

constexpr const char* id_keys[] = {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                                   "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.padding_token_id"};

bool names_none(const GgufFile& file) {
  return std::none_of(std::begin(id_keys), std::end(id_keys),
                      [&](const char* key) { return file.find(key).has_value(); });
}

}  // namespace

std::optional<NamedToken> gguf_named_token(const GgufFile& file, std::string_view key,
                                           const GgufVocabulary& vocabulary,
                                           std::optional<std::size_t> usual) {
  const auto token = [&](std::size_t id) {
    return NamedToken{std::string(vocabulary.tokens[id]), static_cast<int>(id)};
  };
  const auto value = file.find(key);
  if (!value) {
    const bool known =
        usual && *usual < vocabulary.types.size() && vocabulary.types[*usual] == gguf_token::control;
    return known && names_none(file) ? std::optional(token(*usual)) : std::nullopt;
  }
  // Written by some for "none".
  if (const std::int64_t id = value->as_int(); id == -1 || id == 0xFFFFFFFF) return std::nullopt;
  return token(
      static_cast<std::size_t>(value->int_in(0, static_cast<std::int64_t>(vocabulary.tokens.size()) - 1)));
}

}  // namespace kelvin
