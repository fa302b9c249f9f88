#include "loaders/tokenizer/tokenizer_json_parts.h"

#include <string>
#include <utility>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/base64.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/pipeline/charsmap.h"
#include "tokenizer/regex/regex_syntax.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

bool bool_member(JsonValue object, std::string_view key, bool otherwise) {
  return optional_bool(object, key).value_or(otherwise);
}

std::string string_member(JsonValue object, std::string_view key, std::string_view otherwise) {
  const std::optional<JsonValue> value = optional_member(object, key);
  return std::string(value ? value->as_string() : otherwise);
}

std::optional<std::string> token_member(JsonValue object, std::string_view key) {
  const std::optional<JsonValue> value = optional_member(object, key);
  if (!value) return std::nullopt;
  return std::string(value->is_object() ? value->at("content").as_string() : value->as_string());
}

int token_id(JsonValue place, std::int64_t id) {
  if (id < 0 || id >= TokenTable::id_limit)
    place.fail("an id of 0 to " + std::to_string(TokenTable::id_limit - 1) + " expected, " +
               std::to_string(id) + " found");
  return static_cast<int>(id);
}

void refuse_type(JsonValue value, std::string_view kind) {
  value.at("type").fail("unknown " + std::string(kind) + " " + in_quotes(value.at("type").as_string()));
}

namespace {

void add_components(JsonValue value, std::string_view list_key, std::vector<JsonValue>& found) {
  // Honest files have at most a dozen steps; each goes over the whole text.
  constexpr std::size_t max_steps = 64;
  if (value.at("type").as_string() == "Sequence") {
    for (const JsonValue item : value.at(list_key).items()) add_components(item, list_key, found);
    return;
  }
  if (found.size() == max_steps)
    value.fail("at most " + std::to_string(max_steps) + " steps expected, more found");
  found.push_back(value);
}

}  // namespace

std::vector<JsonValue> components(JsonValue value, std::string_view list_key) {
  std::vector<JsonValue> found;
  add_components(value, list_key, found);
  return found;
}

namespace {

std::size_t size_member(JsonValue object, std::string_view key, std::size_t otherwise) {
  const std::optional<JsonValue> value = optional_member(object, key);
  if (!value) return otherwise;
  const std::uint64_t size = value->as_uint();
  if (size > 1000000) value->fail("at most 1000000 expected, " + std::to_string(size) + " found");
  return static_cast<std::size_t>(size);
}

Pattern read_pattern(JsonValue object) {
  const JsonValue value = object.at("pattern");
  if (const auto regex = value.is_string() ? std::nullopt : value.find("Regex")) {
    try {
      return {regex->as_string(), true};
    } catch (const RegexError& problem) {
      regex->fail(printable(problem.what(), 500));
    }
  }
  const std::optional<JsonValue> literal = value.is_string() ? value : value.find("String");
  if (!literal) value.fail("an object with String or Regex expected");
  if (literal->as_string().empty()) value.fail("an empty pattern cannot be searched for");
  return {literal->as_string(), false};
}

SplitBehavior read_behavior(JsonValue object, std::string_view otherwise) {
  const std::string name = string_member(object, "behavior", otherwise);
  static constexpr std::pair<std::string_view, SplitBehavior> names[] = {
      {"Removed", SplitBehavior::removed},
      {"Isolated", SplitBehavior::isolated},
      {"MergedWithPrevious", SplitBehavior::merged_with_previous},
      {"MergedWithNext", SplitBehavior::merged_with_next},
      {"Contiguous", SplitBehavior::contiguous}};
  for (const auto& [known, behavior] : names)
    if (name == known) return behavior;
  object.at("behavior").fail("unknown behavior " + in_quotes(name));
}

// The one character of a string.
std::string char_member(JsonValue object, std::string_view key, std::string_view otherwise) {
  std::string text = string_member(object, key, otherwise);
  if (unicode::count_chars(text) != 1)
    object.at(key).fail("one character expected, " + in_quotes(text) + " found");
  return text;
}

PrependScheme read_prepend_scheme(JsonValue object) {
  // Older files have add_prefix_space instead.
  const bool prefix = bool_member(object, "add_prefix_space", true);
  const std::string name = string_member(object, "prepend_scheme", prefix ? "always" : "never");
  if (name == "always") return PrependScheme::always;
  if (name == "first") return PrependScheme::first;
  if (name == "never") return PrependScheme::never;
  object.at("prepend_scheme").fail("unknown prepend_scheme " + in_quotes(name));
}

std::string read_charsmap(JsonValue value) {
  std::optional<std::string> map = from_base64(value.as_string());
  if (!map) value.fail("base64 expected");
  try {
    tokenizer::CharsMap check(*map);
  } catch (const TokenizerError& problem) {
    value.fail(problem.what());
  }
  return *std::move(map);
}

NormalizerSpec read_normalizer(JsonValue value) {
  const std::string_view type = value.at("type").as_string();
  if (type == "NFC") return unicode::NormalForm::nfc;
  if (type == "NFD") return unicode::NormalForm::nfd;
  if (type == "NFKC") return unicode::NormalForm::nfkc;
  if (type == "NFKD") return unicode::NormalForm::nfkd;
  if (type == "Prepend") return PrependText{std::string(value.at("prepend").as_string())};
  if (type == "Replace")
    return ReplaceText{read_pattern(value), std::string(value.at("content").as_string())};
  if (type == "Lowercase") return LowercaseText{};
  if (type == "Strip")
    return StripText{bool_member(value, "strip_left", true), bool_member(value, "strip_right", true)};
  if (type == "StripAccents") return StripAccents{};
  if (type == "Nmt") return NmtText{};
  if (type == "ByteLevel") return ByteLevelText{};
  if (type == "Precompiled") return PrecompiledText{read_charsmap(value.at("precompiled_charsmap"))};
  if (type == "BertNormalizer") {
    const bool lowercase = bool_member(value, "lowercase", true);
    return BertText{bool_member(value, "clean_text", true), bool_member(value, "handle_chinese_chars", true),
                    lowercase, bool_member(value, "strip_accents", lowercase)};
  }
  refuse_type(value, "normalizer");
}

PreTokenizerSpec read_pre_tokenizer(JsonValue value) {
  const std::string_view type = value.at("type").as_string();
  if (type == "ByteLevel")
    return ByteLevelWords{bool_member(value, "add_prefix_space", true),
                          bool_member(value, "use_regex", true)};
  if (type == "Split")
    return SplitPattern{read_pattern(value), read_behavior(value, "Isolated"),
                        bool_member(value, "invert", false)};
  if (type == "Metaspace")
    return MetaspaceWords{char_member(value, "replacement", "\u2581"), read_prepend_scheme(value),
                          bool_member(value, "split", true)};
  if (type == "Digits") return SplitDigits{bool_member(value, "individual_digits", false)};
  if (type == "Punctuation") return SplitPunctuation{read_behavior(value, "Isolated")};
  if (type == "CharDelimiterSplit")
    return SplitPattern{{char_member(value, "delimiter", ""), false}, SplitBehavior::removed, false};
  if (type == "Whitespace") return WhitespaceWords{};
  if (type == "WhitespaceSplit") return SplitWhitespace{};
  if (type == "UnicodeScripts") return SplitScripts{};
  if (type == "BertPreTokenizer") return BertWords{};
  if (type == "FixedLength") {
    const std::size_t length = size_member(value, "length", 5);
    if (length == 0) value.at("length").fail("at least 1 expected");
    return FixedLengthWords{length};
  }
  refuse_type(value, "pre_tokenizer");
}

DecoderSpec read_decoder(JsonValue value) {
  const std::string_view type = value.at("type").as_string();
  if (type == "ByteLevel") return ByteLevelPieces{};
  if (type == "Replace")
    return ReplacePiece{read_pattern(value), std::string(value.at("content").as_string())};
  if (type == "ByteFallback") return ByteFallbackPieces{};
  if (type == "Fuse") return FusePieces{};
  if (type == "Strip")
    return StripPiece{char_member(value, "content", ""), size_member(value, "start", 0),
                      size_member(value, "stop", 0)};
  if (type == "Metaspace")
    return MetaspacePieces{char_member(value, "replacement", "\u2581"), read_prepend_scheme(value)};
  if (type == "WordPiece")
    return WordPiecePieces{string_member(value, "prefix", "##"), bool_member(value, "cleanup", true)};
  if (type == "BPEDecoder") {
    const std::string suffix = string_member(value, "suffix", "</w>");
    if (suffix.empty()) value.at("suffix").fail("must not be empty");
    return BpeSuffixPieces{suffix};
  }
  if (type == "CTC")
    return CtcPieces{string_member(value, "pad_token", "<pad>"),
                     string_member(value, "word_delimiter_token", "|"), bool_member(value, "cleanup", true)};
  refuse_type(value, "decoder");
}

}  // namespace

std::vector<NormalizerSpec> read_normalizers(JsonValue value) {
  std::vector<NormalizerSpec> specs;
  for (const JsonValue item : components(value, "normalizers")) specs.push_back(read_normalizer(item));
  return specs;
}

std::vector<PreTokenizerSpec> read_pre_tokenizers(JsonValue value) {
  std::vector<PreTokenizerSpec> specs;
  for (const JsonValue item : components(value, "pretokenizers")) specs.push_back(read_pre_tokenizer(item));
  return specs;
}

std::vector<DecoderSpec> read_decoders(JsonValue value) {
  std::vector<DecoderSpec> specs;
  for (const JsonValue item : components(value, "decoders")) specs.push_back(read_decoder(item));
  // A sequence of none is not the same as none: pieces are not joined by spaces.
  if (specs.empty()) specs.push_back(FusePieces{});
  return specs;
}

}  // namespace kelvin
