#include "loaders/tokenizer/sentencepiece_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/models/score_merges.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

namespace {

constexpr double not_found = -std::numeric_limits<double>::infinity();

[[noreturn]] void refuse(const ScoredPiece& piece, const std::string& problem) {
  throw TokenizerError("piece \"" + piece.text + "\" " + problem);
}

void check(const SentencePieceModel& model) {
  int unknown = 0;
  std::vector<bool> bytes(256, false);
  for (const ScoredPiece& piece : model.pieces) {
    if (piece.text.empty() || !unicode::is_utf8(piece.text)) refuse(piece, "is no text in UTF-8");
    if (!std::isfinite(piece.score)) refuse(piece, "has no finite score");
    unknown += piece.type == PieceType::unknown;
    if (piece.type == PieceType::byte) {
      const int byte = unicode::byte_of_token(piece.text);
      if (!model.byte_fallback) refuse(piece, "is of type BYTE, and there is no byte_fallback");
      if (byte < 0) refuse(piece, "is of type BYTE, <0x00> to <0xFF> expected");
      bytes[static_cast<std::size_t>(byte)] = true;
    }
    if (piece.type == PieceType::unused && !model.is_unigram)
      refuse(piece, "is of type UNUSED, which is not supported in a BPE model");
  }
  if (unknown != 1)
    throw TokenizerError("one piece of type UNKNOWN expected, " + std::to_string(unknown) + " found");
  if (model.byte_fallback && std::count(bytes.begin(), bytes.end(), true) != 256)
    throw TokenizerError("byte_fallback needs 256 pieces of type BYTE");
}

BpeSpec bpe_of(const SentencePieceModel& model, const TokenTable& vocabulary) {
  BpeSpec spec;
  spec.fuse_unk = true;
  spec.byte_fallback = model.byte_fallback;
  std::vector<double> scores;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const ScoredPiece& piece = model.pieces[id];
    const bool found = piece.type == PieceType::normal && vocabulary.find(piece.text) == static_cast<int>(id);
    scores.push_back(found ? static_cast<double>(piece.score) : not_found);
    if (piece.type == PieceType::unknown) spec.unk_token = piece.text;
    if (piece.type == PieceType::user_defined) spec.whole.push_back(static_cast<int>(id));
  }
  tokenizer::merge_by_scores(vocabulary, scores, spec, !model.lenient);
  return spec;
}

UnigramSpec unigram_of(const SentencePieceModel& model) {
  float lowest = std::numeric_limits<float>::max();
  for (const ScoredPiece& piece : model.pieces)
    if (piece.type == PieceType::normal) lowest = std::min(lowest, piece.score);
  UnigramSpec spec;
  spec.is_sentencepiece = true;
  spec.byte_fallback = model.byte_fallback;
  spec.unk_score = lowest - static_cast<float>(unk_penalty);
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const ScoredPiece& piece = model.pieces[id];
    if (piece.type == PieceType::unknown) spec.unk_id = static_cast<int>(id);
    // A user-defined symbol is better the more bytes it has, so that it is taken. The very numbers count:
    // ties between ways to cut what follows hang on the last bit of the sum.
    if (piece.type == PieceType::user_defined)
      spec.scores.push_back(static_cast<double>(piece.text.size()) * 0.1 - 0.1);
    else
      spec.scores.push_back(piece.type == PieceType::normal ? static_cast<double>(piece.score) : not_found);
  }
  return spec;
}

std::vector<DecoderSpec> decoders_of(const SentencePieceModel& model) {
  std::vector<DecoderSpec> decoders;
  if (model.escape_whitespaces) decoders.push_back(ReplacePiece{{"\u2581", false}, " "});
  if (model.byte_fallback) decoders.push_back(ByteFallbackPieces{});
  decoders.push_back(FusePieces{});
  constexpr std::size_t all = 1 << 20;
  if (model.add_dummy_prefix || model.remove_extra_whitespaces)
    decoders.push_back(StripPiece{" ", model.remove_extra_whitespaces ? all : 1, 0});
  return decoders;
}

}  // namespace

TokenizerSpec sentencepiece_tokenizer(SentencePieceModel model) {
  check(model);
  TokenizerSpec spec;
  spec.vocabulary.reserve(model.pieces.size(), model.pieces.size() * 8);
  if (model.lenient) spec.vocabulary.allow_copies();
  std::vector<std::string> literals;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const ScoredPiece& piece = model.pieces[i];
    const int id = static_cast<int>(i);
    try {
      spec.vocabulary.add(piece.text, id);
    } catch (const TokenizerError& problem) {
      refuse(piece, std::string("cannot be added: ") + problem.what());
    }
    if (piece.type == PieceType::user_defined) literals.push_back(piece.text);
    if (piece.type == PieceType::control || piece.type == PieceType::unknown)
      spec.added_tokens.push_back({.content = piece.text, .id = id, .normalized = false, .special = true});
  }
  if (model.is_unigram) {
    spec.model = unigram_of(model);
  } else {
    spec.model = bpe_of(model, spec.vocabulary);
    if (!literals.empty()) spec.pre_tokenizers.push_back(SplitLiterals{literals});
  }
  spec.decoders = decoders_of(model);
  spec.normalizers.push_back(SentencePieceText{
      std::move(model.charsmap), std::move(literals), model.add_dummy_prefix, model.remove_extra_whitespaces,
      model.escape_whitespaces, model.whitespace_as_suffix, model.prefix_once});
  return spec;
}

}  // namespace kelvin
