#include "loaders/tokenizer/gguf_tokenizer.h"

#include <string>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/gguf_words.h"
#include "loaders/tokenizer/sentencepiece_model.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/spec.h"

namespace kelvin {
namespace {

// tokenizer.ggml.token_type
enum TokenType : std::int64_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

struct Vocabulary {
  GgufValue place;
  std::vector<std::string_view> tokens;  // by id
  std::vector<std::int64_t> types;       // by id
};

Vocabulary read_vocabulary(const GgufFile& file) {
  Vocabulary vocabulary{file.at("tokenizer.ggml.tokens"), {}, {}};
  vocabulary.tokens = vocabulary.place.strings();
  const std::size_t count = vocabulary.tokens.size();
  if (count == 0 || count > static_cast<std::size_t>(TokenTable::id_limit))
    vocabulary.place.fail("1 to " + std::to_string(TokenTable::id_limit) + " tokens expected, " +
                          std::to_string(count) + " found");
  vocabulary.types.assign(count, normal);
  if (const auto types = file.find("tokenizer.ggml.token_type")) {
    vocabulary.types = types->ints();
    if (vocabulary.types.size() != count)
      types->fail("one type for each of " + std::to_string(count) + " tokens expected, " +
                  std::to_string(vocabulary.types.size()) + " found");
    for (const std::int64_t type : vocabulary.types)
      if (type < 0 || type > byte)
        types->fail("types of 0 to 6 expected, " + std::to_string(type) + " found");
  }
  return vocabulary;
}

constexpr std::size_t no_usual = TokenTable::id_limit;

// The token with this key's id, or else with the `usual` one if that is a control token.
std::optional<NamedToken> named_token(const GgufFile& file, std::string_view key,
                                      const Vocabulary& vocabulary, std::size_t usual = no_usual) {
  const auto value = file.find(key);
  if (!value && usual < vocabulary.types.size() && vocabulary.types[usual] == control)
    return NamedToken{std::string(vocabulary.tokens[usual]), static_cast<int>(usual)};
  if (!value) return std::nullopt;
  // Written by some for "none".
  if (const std::int64_t id = value->as_int(); id == -1 || id == 0xFFFFFFFF) return std::nullopt;
  const auto id = value->int_in(0, static_cast<std::int64_t>(vocabulary.tokens.size()) - 1);
  return NamedToken{std::string(vocabulary.tokens[static_cast<std::size_t>(id)]), static_cast<int>(id)};
}

void add_tokens(const Vocabulary& vocabulary, TokenizerSpec& spec) {
  std::size_t bytes = 0;
  for (const std::string_view token : vocabulary.tokens) bytes += token.size();
  spec.vocabulary.reserve(vocabulary.tokens.size(), bytes);
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string_view token = vocabulary.tokens[i];
    const int id = static_cast<int>(i);
    try {
      spec.vocabulary.add(token, id);
    } catch (const TokenizerError& problem) {
      vocabulary.place.fail("[" + std::to_string(i) + "]: " + printable(problem.what()));
    }
    const std::int64_t type = vocabulary.types[i];
    if ((type != control && type != user_defined && type != unknown) || token.empty()) continue;
    spec.added_tokens.push_back(
        {.content = std::string(token), .id = id, .normalized = false, .special = type != user_defined});
  }
}

void add_merges(GgufValue merges, const TokenTable& vocabulary, BpeSpec& spec) {
  std::string whole;
  for (const std::string_view merge : merges.strings()) {
    const std::size_t space = merge.find(' ', 1);
    if (space == merge.npos)
      merges.fail("two tokens with a space between expected, " + in_quotes(merge) + " found");
    const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
    whole.assign(left).append(right);
    const BpeMerge ids{vocabulary.find(left), vocabulary.find(right), vocabulary.find(whole)};
    // Files with a vocabulary cut down keep merges that lead nowhere.
    if (ids.left >= 0 && ids.right >= 0 && ids.merged >= 0) spec.merges.push_back(ids);
  }
}

struct EndTokens {
  bool bos, eos;
};

std::optional<bool> flag(const GgufFile& file, std::string_view key) {
  const auto value = file.find(key);
  return value ? std::optional(value->as_bool()) : std::nullopt;
}

std::optional<std::string> text(const GgufFile& file, std::string_view key) {
  const auto value = file.find(key);
  return value ? std::optional(std::string(value->as_string())) : std::nullopt;
}

// Byte-level BPE. `ends`: what is added to a text unless the file says otherwise.
TokenizerSpec byte_level(const GgufFile& file, const Vocabulary& vocabulary, EndTokens& ends) {
  const auto name = file.find("tokenizer.ggml.pre");
  auto words = gguf_words(name ? name->as_string() : "default");
  if (!words) name->fail("a known way to cut words expected, " + in_quotes(name->as_string()) + " found");
  ends = {words->add_bos, false};
  TokenizerSpec spec;
  spec.normalizers = std::move(words->normalizers);
  spec.pre_tokenizers = std::move(words->pre_tokenizers);
  add_tokens(vocabulary, spec);
  BpeSpec model;
  model.ignore_merges = words->ignore_merges;
  add_merges(file.at("tokenizer.ggml.merges"), spec.vocabulary, model);
  spec.model = std::move(model);
  spec.decoders.push_back(ByteLevelPieces{});
  return spec;
}

// SentencePiece BPE by scores.
TokenizerSpec sentencepiece(const GgufFile& file, const Vocabulary& vocabulary, EndTokens& ends) {
  ends = {true, false};
  const GgufValue place = file.at("tokenizer.ggml.scores");
  const std::vector<double> scores = place.numbers();
  if (scores.size() != vocabulary.tokens.size())
    place.fail("one score for each of " + std::to_string(vocabulary.tokens.size()) + " tokens expected, " +
               std::to_string(scores.size()) + " found");
  const auto said = file.find("tokenizer.ggml.unknown_token_id");
  const auto unknown_id = static_cast<std::size_t>(
      said ? said->int_in(0, static_cast<std::int64_t>(scores.size()) - 1) : std::int64_t{0});
  SentencePieceModel model;
  model.remove_extra_whitespaces = false;  // as converters have it, whatever the original did
  model.add_dummy_prefix = flag(file, "tokenizer.ggml.add_space_prefix").value_or(true);
  for (std::size_t id = 0; id < scores.size(); ++id) {
    const std::int64_t type = vocabulary.types[id];
    ScoredPiece piece{std::string(vocabulary.tokens[id]), static_cast<float>(scores[id]), PieceType::control};
    if (piece.text.empty()) piece.text = "[EMPTY_" + std::to_string(id) + "]";
    if (id == unknown_id)
      piece.type = PieceType::unknown;
    else if (type == normal || type == undefined)
      piece.type = PieceType::normal;
    else if (type == byte)
      piece.type = PieceType::byte;
    model.byte_fallback |= piece.type == PieceType::byte;
    model.pieces.push_back(std::move(piece));
  }
  TokenizerSpec spec = sentencepiece_tokenizer(std::move(model));
  // Tokens that users defined are found in raw text like control tokens, and shown.
  for (AddedToken& token : spec.added_tokens)
    token.special = vocabulary.types[static_cast<std::size_t>(token.id)] != user_defined;
  return spec;
}

void add_end(const GgufFile& file, std::string_view flag_key, bool usual,
             const std::optional<NamedToken>& token, std::vector<int>& ids) {
  const auto said = flag(file, flag_key);
  if (!said.value_or(usual)) return;
  if (token)
    ids.push_back(*token->id);
  else if (said)
    file.at(flag_key).fail("a token to add expected, no id found");
}

}  // namespace

LoadedTokenizer gguf_tokenizer(const GgufFile& file) {
  const GgufValue model = file.at("tokenizer.ggml.model");
  const Vocabulary vocabulary = read_vocabulary(file);
  EndTokens ends{};
  if (model.as_string() != "gpt2" && model.as_string() != "llama")
    model.fail("llama or gpt2 expected, " + in_quotes(model.as_string()) + " found");
  const bool by_scores = model.as_string() == "llama";
  TokenizerInfo info;
  info.bos = named_token(file, "tokenizer.ggml.bos_token_id", vocabulary, by_scores ? 1 : no_usual);
  info.eos = named_token(file, "tokenizer.ggml.eos_token_id", vocabulary, by_scores ? 2 : no_usual);
  info.unk = named_token(file, "tokenizer.ggml.unknown_token_id", vocabulary);
  info.pad = named_token(file, "tokenizer.ggml.padding_token_id", vocabulary);
  info.chat_template = text(file, "tokenizer.chat_template");
  info.tool_chat_template = text(file, "tokenizer.chat_template.tool_use");
  if (info.chat_template) info.chat_template_origin = file.name() + ": tokenizer.chat_template";
  info.add_bos_token = flag(file, "tokenizer.ggml.add_bos_token");
  info.add_eos_token = flag(file, "tokenizer.ggml.add_eos_token");
  try {
    TokenizerSpec spec =
        by_scores ? sentencepiece(file, vocabulary, ends) : byte_level(file, vocabulary, ends);
    spec.source = file.name();
    add_end(file, "tokenizer.ggml.add_bos_token", ends.bos, info.bos, spec.post_processor.before);
    add_end(file, "tokenizer.ggml.add_eos_token", ends.eos, info.eos, spec.post_processor.after);
    return {Tokenizer(std::move(spec)), std::move(info)};
  } catch (const TokenizerError& problem) {
    throw LoadError(file.name(), "tokenizer.ggml: " + printable(problem.what(), 500));
  }
}

}  // namespace kelvin
