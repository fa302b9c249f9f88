#include "loaders/tokenizer/tokenizer_json_model.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "loaders/files/load_error.h"
#include "loaders/tokenizer/tokenizer_json_parts.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/models/hash.h"

namespace kelvin {

namespace {

[[noreturn]] void refuse_kind(JsonValue value, std::string_view expected) {
  value.fail(std::string(expected) + " expected, " + std::string(json_type_name(value.type())) + " found");
}

using Halves = std::pair<std::string_view, std::string_view>;

Halves pair_halves(JsonValue merge) {
  if (!merge.is_array()) refuse_kind(merge, "a string or a pair");
  if (merge.size() != 2) merge.fail("a pair expected, " + std::to_string(merge.size()) + " items found");
  return {merge.at(std::size_t{0}).as_string(), merge.at(1).as_string()};
}

Halves line_halves(std::string_view line, JsonValue merge) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
    merge.fail("two tokens with a space between expected, " + in_quotes(line) + " found");
  return {line.substr(0, space), line.substr(space + 1)};
}

// A score as the reference reads it: the digits as one number, divided by a power of ten, which rounds twice.
// Ties between ways to cut a text hang on such last bits.
double twice_rounded(double score) {
  char text[32];
  const char* const end =
      std::to_chars(text, text + sizeof text, std::abs(score), std::chars_format::scientific).ptr;
  std::uint64_t digits = 0;
  int exponent = 0;
  const char* at = text;
  for (bool fraction = false; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    exponent -= fraction;
  }
  if (at == end) return score;
  const char* sign = at + 1;
  int power = 0;
  std::from_chars(sign + (*sign == '+'), end, power);
  exponent += power;
  double ten = 1;
  const std::string scale = "1e" + std::to_string(std::abs(exponent));
  if (std::from_chars(scale.data(), scale.data() + scale.size(), ten).ec != std::errc()) return score;
  const auto whole = static_cast<double>(digits);
  return std::copysign(exponent < 0 ? whole / ten : whole * ten, score);
}

}  // namespace

TokenizerModelReader::TokenizerModelReader(std::string name) : name_(std::move(name)), pending_(32) {}

std::vector<JsonStream> TokenizerModelReader::streams() {
  const auto begins = [this](JsonType type) {
    return [this, type](JsonValue root, JsonValue vocab) {
      return vocab.type() == type && begin_vocabulary(root.at("model"));
    };
  };
  return {{{"model", "vocab"},
           begins(JsonType::object),
           [this](std::string_view key, JsonValue id) { add_token(key, id); }},
          {{"model", "vocab"},
           begins(JsonType::array),
           [this](std::string_view, JsonValue entry) { add_scored_token(entry); }},
          {{"model", "merges"},
           [this](JsonValue root, JsonValue merges) { return begin_merges(root.at("model"), merges); },
           [this](std::string_view, JsonValue merge) { add_merge(merge); }}};
}

// A model that is not read is refused by its name, whatever its vocabulary looks like.
bool TokenizerModelReader::begin_vocabulary(JsonValue model) {
  const std::string type = string_member(model, "type", "");
  has_vocabulary_ = type.empty() || type == "BPE" || type == "Unigram";
  return has_vocabulary_;
}

// Merges can be taken once all is known that their meaning hangs on.
bool TokenizerModelReader::begin_merges(JsonValue model, JsonValue merges) {
  if (!has_vocabulary_ || !merges.is_array() || !model.find("continuing_subword_prefix")) return false;
  index();
  prefix_ = string_member(model, "continuing_subword_prefix", "").size();
  has_merges_ = true;
  return true;
}

void TokenizerModelReader::add_token(std::string_view token, JsonValue id) {
  try {
    vocabulary_.append(token, token_id(id, id.as_int()));
  } catch (const TokenizerError& problem) {
    id.fail(problem.what());
  }
}

void TokenizerModelReader::add_scored_token(JsonValue entry) {
  if (!entry.is_array() || entry.size() != 2) entry.fail("a pair of token and score expected");
  const double score = entry.at(1).as_double();
  if (!std::isfinite(score)) entry.fail("a finite score expected");
  vocabulary_.append(entry.at(std::size_t{0}).as_string(),
                     token_id(entry, static_cast<std::int64_t>(scores_.size())));
  scores_.push_back(twice_rounded(score));
}

void TokenizerModelReader::index() {
  try {
    vocabulary_.index();
  } catch (const TokenizerError& problem) {
    throw LoadError(name_, std::string("model.vocab: ") + problem.what());
  }
}

void TokenizerModelReader::add_merge(JsonValue place) {
  const std::size_t number = n_seen_++;
  const std::string_view line = place.is_string() ? place.as_string() : std::string_view();
  if (line.starts_with("#version")) return;
  if (vocabulary_.size() == 0) place.fail("there are merges and no tokens");
  const auto [left, right] = place.is_string() ? line_halves(line, place) : pair_halves(place);
  if (right.size() < prefix_) place.fail(in_quotes(right) + " is shorter than continuing_subword_prefix");
  PendingMerge& merge = pending_[n_pending_++];
  merge.index = number;
  merge.left_size = left.size();
  merge.text.assign(left).append(right);
  vocabulary_.prefetch(merge.left_hash = tokenizer::hash_bytes(left));
  vocabulary_.prefetch(merge.right_hash = tokenizer::hash_bytes(right));
  merge.merged = -1;
  for (const int guess : {last_merged_, last_merged_ + 1})
    if (prefix_ == 0 && vocabulary_.has(guess) && vocabulary_.token(guess) == merge.text)
      merge.merged = guess;
  if (merge.merged >= 0)
    last_merged_ = merge.merged;
  else
    vocabulary_.prefetch(merge.merged_hash = tokenizer::hash_bytes(merged_text(merge)));
  if (n_pending_ == pending_.size()) resolve();
}

std::string TokenizerModelReader::merged_text(const PendingMerge& merge) const {
  return std::string(merge.text).erase(merge.left_size, prefix_);
}

void TokenizerModelReader::refuse(const PendingMerge& merge, std::string_view problem) const {
  throw LoadError(name_, "model.merges[" + std::to_string(merge.index) + "]: " + std::string(problem));
}

void TokenizerModelReader::resolve() {
  for (std::size_t i = 0; i < n_pending_; ++i) {
    const PendingMerge& merge = pending_[i];
    const std::string_view left = std::string_view(merge.text).substr(0, merge.left_size),
                           right = std::string_view(merge.text).substr(merge.left_size);
    BpeMerge ids{vocabulary_.find(left, merge.left_hash), vocabulary_.find(right, merge.right_hash),
                 merge.merged};
    if (ids.left < 0) refuse(merge, in_quotes(left) + " is not in the vocabulary");
    if (ids.right < 0) refuse(merge, in_quotes(right) + " is not in the vocabulary");
    if (ids.merged < 0) {
      const std::string merged = merged_text(merge);
      last_merged_ = ids.merged = vocabulary_.find(merged, merge.merged_hash);
      if (ids.merged < 0) refuse(merge, "its result " + in_quotes(merged) + " is not in the vocabulary");
    }
    merges_.push_back(ids);
  }
  n_pending_ = 0;
}

BpeSpec TokenizerModelReader::bpe(JsonValue model) {
  BpeSpec spec;
  if (const auto dropout = optional_member(model, "dropout"); dropout && dropout->as_double() != 0.0)
    dropout->fail("dropout is not supported");
  spec.unk_token = string_member(model, "unk_token", "");
  spec.fuse_unk = bool_member(model, "fuse_unk", false);
  spec.byte_fallback = bool_member(model, "byte_fallback", false);
  spec.ignore_merges = bool_member(model, "ignore_merges", false);
  spec.continuing_subword_prefix = string_member(model, "continuing_subword_prefix", "");
  spec.end_of_word_suffix = string_member(model, "end_of_word_suffix", "");
  const JsonValue vocab = model.at("vocab"), merges = model.at("merges");
  if (!vocab.is_object()) refuse_kind(vocab, "an object");
  if (!merges.is_array()) refuse_kind(merges, "an array");
  if (!has_vocabulary_)
    for (const auto& [token, id] : vocab.members()) add_token(token, id);
  if (!has_merges_) {
    index();
    prefix_ = spec.continuing_subword_prefix.size();
    for (const JsonValue merge : merges.items()) add_merge(merge);
  }
  resolve();
  merges_.shrink_to_fit();
  spec.merges = std::move(merges_);
  return spec;
}

UnigramSpec TokenizerModelReader::unigram(JsonValue model) {
  const JsonValue vocab = model.at("vocab");
  if (!vocab.is_array()) refuse_kind(vocab, "an array");
  if (!has_vocabulary_)
    for (const JsonValue entry : vocab.items()) add_scored_token(entry);
  index();
  UnigramSpec spec;
  spec.scores = std::move(scores_);
  if (const auto unk = optional_member(model, "unk_id")) {
    spec.unk_id = token_id(*unk, unk->as_int());
    if (static_cast<std::size_t>(spec.unk_id) >= spec.scores.size()) unk->fail("no token has this id");
  }
  spec.byte_fallback = bool_member(model, "byte_fallback", false);
  return spec;
}

void TokenizerModelReader::finish(JsonValue model, TokenizerSpec& spec) {
  std::string type = string_member(model, "type", "");
  // Old files do not say: those with merges are BPE.
  if (type.empty()) type = model.find("merges") ? "BPE" : model.at("vocab").is_array() ? "Unigram" : "";
  if (type == "BPE")
    spec.model = bpe(model);
  else if (type == "Unigram")
    spec.model = unigram(model);
  else if (model.find("type"))
    model.at("type").fail("unknown model " + in_quotes(type) + " (BPE and Unigram are supported)");
  else
    model.fail("neither type nor merges");
  spec.vocabulary = std::move(vocabulary_);
}

}  // namespace kelvin
