#include "loaders/tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/gguf_habits.h"
#include "loaders/tokenizer/gguf_vocabulary.h"
#include "loaders/tokenizer/gguf_words.h"
#include "loaders/tokenizer/sentencepiece_model.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/spec.h"

namespace kelvin {
namespace {

void add_tokens(const GgufVocabulary& vocabulary, TokenizerSpec& spec) {
  std::size_t bytes = 0;
  for (const std::string_view token : vocabulary.tokens) bytes += token.size();
  spec.vocabulary.reserve(vocabulary.tokens.size(), bytes);
  spec.vocabulary.allow_copies();
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string_view token = vocabulary.tokens[i];
    const int id = static_cast<int>(i);
    spec.vocabulary.add(token, id);
    const std::int64_t type = vocabulary.types[i];
    if (!is_added(type) || token.empty()) continue;
    spec.added_tokens.push_back({.content = std::string(token),
                                 .id = id,
                                 .normalized = false,
                                 .special = type != gguf_token::user_defined});
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

// BPE by merges: byte-level, or of plain text. `ends`: what is added to a text unless the file says otherwise.
TokenizerSpec by_merges(const GgufFile& file, const GgufVocabulary& vocabulary,
                        const std::optional<NamedToken>& unk, EndTokens& ends) {
  const GgufValue model_name = file.at("tokenizer.ggml.model");
  const auto name = file.find("tokenizer.ggml.pre");
  auto words = gguf_words(model_name.as_string() != "gpt2" ? model_name.as_string()
                          : name                           ? name->as_string()
                                                           : "default");
  if (!words) name->fail("a known way to cut words expected, " + in_quotes(name->as_string()) + " found");
  ends = {words->add_bos, false};
  TokenizerSpec spec;
  spec.normalizers = std::move(words->normalizers);
  spec.pre_tokenizers = std::move(words->pre_tokenizers);
  add_tokens(vocabulary, spec);
  BpeSpec model;
  model.ignore_merges = words->ignore_merges;
  if (words->plain_text) {
    model.byte_fallback = true;
    model.fuse_unk = true;
    if (unk) model.unk_token = unk->content;
    spec.decoders = {ReplacePiece{{"\u2581", false}, " "}, ByteFallbackPieces{}, FusePieces{}};
  } else {
    spec.decoders.push_back(ByteLevelPieces{});
  }
  add_merges(file.at("tokenizer.ggml.merges"), spec.vocabulary, model);
  spec.model = std::move(model);
  return spec;
}

// SentencePiece BPE by scores.
TokenizerSpec sentencepiece(const GgufFile& file, const GgufVocabulary& vocabulary,
                            const std::optional<NamedToken>& unk, EndTokens& ends) {
  ends = {true, false};
  const GgufValue place = file.at("tokenizer.ggml.scores");
  const std::vector<double> scores = place.numbers();
  if (scores.size() != vocabulary.tokens.size())
    place.fail("one score for each of " + std::to_string(vocabulary.tokens.size()) + " tokens expected, " +
               std::to_string(scores.size()) + " found");
  const auto unknown_id = static_cast<std::size_t>(unk ? *unk->id : 0);
  SentencePieceModel model;
  model.lenient = true;
  model.remove_extra_whitespaces = false;  // as converters have it, whatever the original did
  model.add_dummy_prefix = flag(file, "tokenizer.ggml.add_space_prefix").value_or(true);
  for (std::size_t id = 0; id < scores.size(); ++id) {
    const std::int64_t type = vocabulary.types[id];
    ScoredPiece piece{std::string(vocabulary.tokens[id]), static_cast<float>(scores[id]), PieceType::control};
    if (piece.text.empty()) piece.text = "[EMPTY_" + std::to_string(id) + "]";
    // Unused ones fill the vocabulary up, or are found like any other.
    if (id == unknown_id)
      piece.type = PieceType::unknown;
    else if (type == gguf_token::byte)
      piece.type = PieceType::byte;
    else if (!is_added(type))
      piece.type = PieceType::normal;
    model.byte_fallback |= piece.type == PieceType::byte;
    model.pieces.push_back(std::move(piece));
  }
  const bool first_word_only = model.add_dummy_prefix && gguf_marks_first_word_only(file, vocabulary);
  TokenizerSpec spec = sentencepiece_tokenizer(std::move(model));
  if (first_word_only) {
    spec.normalizers.clear();
    spec.pre_tokenizers = {MetaspaceWords{"\u2581", PrependScheme::first, false}};
  }
  // Tokens that users defined are found in raw text like control tokens, and shown.
  for (AddedToken& token : spec.added_tokens)
    token.special = vocabulary.types[static_cast<std::size_t>(token.id)] != gguf_token::user_defined;
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
  const GgufVocabulary vocabulary = read_gguf_vocabulary(file);
  EndTokens ends{};
  const std::string_view kind = model.as_string();
  if (kind != "gpt2" && kind != "llama" && kind != "gemma4")
    model.fail("llama, gpt2 or gemma4 expected, " + in_quotes(kind) + " found");
  const bool by_scores = kind == "llama";
  const auto usual = [&](std::size_t id) { return by_scores ? std::optional(id) : std::nullopt; };
  TokenizerInfo info;
  info.bos = gguf_named_token(file, "tokenizer.ggml.bos_token_id", vocabulary, usual(1));
  info.eos = gguf_named_token(file, "tokenizer.ggml.eos_token_id", vocabulary, usual(2));
  info.unk = gguf_named_token(file, "tokenizer.ggml.unknown_token_id", vocabulary);
  info.pad = gguf_named_token(file, "tokenizer.ggml.padding_token_id", vocabulary);
  info.chat_template = text(file, "tokenizer.chat_template");
  info.tool_chat_template = text(file, "tokenizer.chat_template.tool_use");
  if (info.chat_template) info.chat_template_origin = file.name() + ": tokenizer.chat_template";
  info.add_bos_token = flag(file, "tokenizer.ggml.add_bos_token");
  info.add_eos_token = flag(file, "tokenizer.ggml.add_eos_token");
  try {
    TokenizerSpec spec = (by_scores ? sentencepiece : by_merges)(file, vocabulary, info.unk, ends);
    spec.source = file.name();
    // Of a token that stands twice the first counts, also where only the second is a control token.
    std::erase_if(spec.added_tokens, [&](const AddedToken& token) {
      const int first = spec.vocabulary.find(token.content);
      return first >= 0 && first != token.id && !is_added(vocabulary.types[static_cast<std::size_t>(first)]);
    });
    set_gguf_strips(file, spec.added_tokens);
    add_end(file, "tokenizer.ggml.add_bos_token", ends.bos, info.bos, spec.post_processor.before);
    add_end(file, "tokenizer.ggml.add_eos_token", ends.eos, info.eos, spec.post_processor.after);
    return {Tokenizer(std::move(spec)), std::move(info)};
  } catch (const TokenizerError& problem) {
    throw LoadError(file.name(), "tokenizer.ggml: " + printable(problem.what(), 500));
  }
}

}  // namespace kelvin
