#include "tokenizer/models/unigram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/models/hash.h"
#include "tokenizer/models/word_cache.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

UnigramModel::UnigramModel(const TokenTable& vocabulary, UnigramSpec spec)
    : vocabulary_(&vocabulary), spec_(std::move(spec)), by_first_(257, 0) {
  if (spec_.scores.size() != static_cast<std::size_t>(vocabulary.limit()))
    throw TokenizerError("as many scores as tokens are needed");
  if (spec_.unk_id >= vocabulary.limit()) throw TokenizerError("unk_id is no token's id");
  unk_score_ = spec_.unk_score.value_or(
      (spec_.scores.empty() ? 0.0 : *std::min_element(spec_.scores.begin(), spec_.scores.end())) -
      unk_penalty);
  for (int id = 0; id < vocabulary.limit(); ++id)
    if (!vocabulary.token(id).empty() && std::isfinite(spec_.scores[static_cast<std::size_t>(id)]))
      sorted_.push_back(id);
  std::sort(sorted_.begin(), sorted_.end(),
            [&](int a, int b) { return vocabulary.token(a) < vocabulary.token(b); });
  for (int id : sorted_) ++by_first_[static_cast<unsigned char>(vocabulary.token(id)[0]) + std::size_t{1}];
  std::partial_sum(by_first_.begin(), by_first_.end(), by_first_.begin());
}

// Calls visit(id, length) for every token that `text` begins with, shortest first.
template <class Visit>
void UnigramModel::each_prefix(std::string_view text, Visit visit) const {
  const auto first = static_cast<unsigned char>(text[0]);
  auto begin = sorted_.begin() + static_cast<std::ptrdiff_t>(by_first_[first]);
  auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(by_first_[first + std::size_t{1}]);
  // All of [begin, end) share the first `length` bytes with the text; a token of just these comes first.
  for (std::size_t length = 1; begin != end; ++length) {
    if (vocabulary_->token(*begin).size() == length) visit(*begin++, length);
    if (length == text.size()) return;
    const auto byte = static_cast<unsigned char>(text[length]);
    const auto byte_of = [&](int id) { return static_cast<unsigned char>(vocabulary_->token(id)[length]); };
    if (begin != end && byte_of(*begin) == byte && byte_of(*(end - 1)) == byte) continue;  // all go on
    begin = std::partition_point(begin, end, [&](int id) { return byte_of(id) < byte; });
    end = std::partition_point(begin, end, [&](int id) { return byte_of(id) == byte; });
  }
}

void UnigramModel::encode(const PieceList& list, std::vector<int>& ids) const {
  WordCache seen(list.text.size());
  std::vector<Step> best;
  for (const Piece& piece : list.pieces) {
    const std::string_view text = list.text.substr(piece.begin, piece.end - piece.begin);
    const std::uint64_t hash = hash_bytes(text);
    if (seen.recall(text, hash, ids)) continue;
    const std::size_t begin = ids.size();
    encode_piece(text, best, ids);
    seen.remember(text, hash, begin, ids.size());
  }
}

void UnigramModel::encode_piece(std::string_view text, std::vector<Step>& best, std::vector<int>& ids) const {
  // best[i]: the likeliest way to reach byte i (Viterbi).
  best.assign(text.size() + 1, {});
  const auto offer = [&](std::size_t from, std::size_t to, int id, double score) {
    Step& step = best[to];
    double candidate = score + best[from].score;
    if (spec_.is_sentencepiece) candidate = static_cast<float>(candidate);
    if (step.id < 0 || candidate > step.score) step = {candidate, from, id};
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = unicode::prefix_of_chars(text.substr(at, 4), 1);
    bool single = false;
    each_prefix(text.substr(at), [&](int id, std::size_t size) {
      offer(at, at + size, id, spec_.scores[static_cast<std::size_t>(id)]);
      single = single || size == length;
    });
    if (!single) {
      if (spec_.unk_id < 0) throw TokenizerError("model.unk_id is needed and absent");
      offer(at, at + length, spec_.unk_id, unk_score_);
    }
    at += length;
  }
  // From back to front; unknown characters in a row count as one token.
  struct Token {
    std::string_view text;
    int id;
  };
  std::vector<Token> tokens;
  std::size_t unknown_end = 0;
  for (std::size_t end = text.size(); end > 0;) {
    const std::size_t begin = best[end].begin;
    const bool unknown = best[end].id == spec_.unk_id;
    if (unknown && unknown_end > 0)
      tokens.back().text = text.substr(begin, unknown_end - begin);
    else
      tokens.push_back({text.substr(begin, end - begin), best[end].id});
    unknown_end = unknown ? (unknown_end > 0 ? unknown_end : end) : 0;
    end = begin;
  }
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
    if (token->id == spec_.unk_id)
      put_unknown(token->text, ids);
    else
      ids.push_back(token->id);
  }
}

void UnigramModel::put_unknown(std::string_view token, std::vector<int>& ids) const {
  if (const int id = spec_.is_sentencepiece ? -1 : vocabulary_->find(token); id >= 0)
    return ids.push_back(id);
  if (spec_.byte_fallback) {
    const std::size_t kept = ids.size();
    for (char byte : token)
      ids.push_back(vocabulary_->find(unicode::byte_token(static_cast<unsigned char>(byte))));
    if (std::find(ids.begin() + static_cast<std::ptrdiff_t>(kept), ids.end(), -1) == ids.end()) return;
    ids.resize(kept);
  }
  if (spec_.unk_id < 0) throw TokenizerError("model.unk_id is needed and absent");
  ids.push_back(spec_.unk_id);
}

}  // namespace kelvin::tokenizer
