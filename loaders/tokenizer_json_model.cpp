#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "loaders/load_error.h"
#include "loaders/tokenizer_json.h"
#include "tokenizer/hash.h"

namespace kelvin {

namespace {

int checked_id(JsonValue value, std::int64_t id) {
  if (id < 0 || id >= TokenTable::id_limit)
    value.fail("an id of 0 to " + std::to_string(TokenTable::id_limit - 1) + " expected, " +
               std::to_string(id) + " found");
  return static_cast<int>(id);
}

void add_token(TokenTable& vocabulary, std::string_view token, int id, JsonValue place) {
  try {
    vocabulary.add(token, id);
  } catch (const std::invalid_argument& problem) {
    place.fail(problem.what());
  }
}

void read_bpe_vocabulary(JsonValue vocab, TokenTable& vocabulary) {
  std::size_t bytes = 0;
  if (!vocab.is_object())
    vocab.fail("an object expected, " + std::string(json_type_name(vocab.type())) + " found");
  for (const auto& [token, id] : vocab.members()) bytes += token.size();
  vocabulary.reserve(vocab.size(), bytes);
  for (const auto& [token, id] : vocab.members())
    add_token(vocabulary, token, checked_id(id, id.as_int()), id);
}

// The two halves of a merge: a pair of strings, or one with a space between.
std::pair<std::string_view, std::string_view> halves(JsonValue merge) {
  if (merge.is_array()) {
    if (merge.size() != 2) merge.fail("a pair expected, " + std::to_string(merge.size()) + " items found");
    return {merge.at(std::size_t{0}).as_string(), merge.at(1).as_string()};
  }
  if (!merge.is_string())
    merge.fail("a string or a pair expected, " + std::string(json_type_name(merge.type())) + " found");
  const std::string_view text = merge.as_string();
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos)
    merge.fail("two tokens with a space between expected, " + in_quotes(text) + " found");
  return {text.substr(0, space), text.substr(space + 1)};
}

// A merge on its way from text to ids.
struct PendingMerge {
  JsonValue place;
  std::string_view left, right;
  std::string whole;
  std::uint64_t hashes[3];
};

BpeMerge ids_of(const PendingMerge& merge, const TokenTable& vocabulary) {
  const BpeMerge ids{vocabulary.find(merge.left, merge.hashes[0]),
                     vocabulary.find(merge.right, merge.hashes[1]),
                     vocabulary.find(merge.whole, merge.hashes[2])};
  if (ids.left < 0) merge.place.fail(in_quotes(merge.left) + " is not in the vocabulary");
  if (ids.right < 0) merge.place.fail(in_quotes(merge.right) + " is not in the vocabulary");
  if (ids.merged < 0) merge.place.fail("its result " + in_quotes(merge.whole) + " is not in the vocabulary");
  return ids;
}

void read_merges(JsonValue merges, const TokenTable& vocabulary, BpeSpec& spec) {
  if (!merges.is_array())
    merges.fail("an array expected, " + std::string(json_type_name(merges.type())) + " found");
  if (merges.size() > 0 && vocabulary.size() == 0) merges.fail("there are merges and no tokens");
  spec.merges.reserve(merges.size());
  const std::size_t prefix = spec.continuing_subword_prefix.size();
  // Some at a time, so that memory is on its way while the next ones are hashed.
  std::vector<PendingMerge> batch(32, {merges, {}, {}, {}, {}});
  std::size_t pending = 0;
  const auto resolve = [&] {
    for (std::size_t i = 0; i < pending; ++i) spec.merges.push_back(ids_of(batch[i], vocabulary));
    pending = 0;
  };
  for (const JsonValue place : merges.items()) {
    if (place.is_string() && place.as_string().starts_with("#version")) continue;
    PendingMerge& merge = batch[pending++];
    merge.place = place;
    std::tie(merge.left, merge.right) = halves(place);
    if (merge.right.size() < prefix)
      place.fail(in_quotes(merge.right) + " is shorter than continuing_subword_prefix");
    merge.whole.assign(merge.left);
    merge.whole += merge.right.substr(prefix);
    const std::string_view parts[] = {merge.left, merge.right, merge.whole};
    for (int i = 0; i < 3; ++i) vocabulary.prefetch(merge.hashes[i] = hash_bytes(parts[i]));
    if (pending == batch.size()) resolve();
  }
  resolve();
}

BpeSpec read_bpe(JsonValue model, TokenTable& vocabulary) {
  BpeSpec spec;
  if (const auto dropout = present(model, "dropout"); dropout && dropout->as_double() != 0.0)
    dropout->fail("dropout is not supported");
  spec.unk_token = string_member(model, "unk_token", "");
  spec.fuse_unk = bool_member(model, "fuse_unk", false);
  spec.byte_fallback = bool_member(model, "byte_fallback", false);
  spec.ignore_merges = bool_member(model, "ignore_merges", false);
  spec.continuing_subword_prefix = string_member(model, "continuing_subword_prefix", "");
  spec.end_of_word_suffix = string_member(model, "end_of_word_suffix", "");
  read_bpe_vocabulary(model.at("vocab"), vocabulary);
  read_merges(model.at("merges"), vocabulary, spec);
  return spec;
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

UnigramSpec read_unigram(JsonValue model, TokenTable& vocabulary) {
  UnigramSpec spec;
  const JsonValue vocab = model.at("vocab");
  if (!vocab.is_array())
    vocab.fail("an array expected, " + std::string(json_type_name(vocab.type())) + " found");
  vocabulary.reserve(vocab.size(), vocab.size() * 8);
  for (const JsonValue entry : vocab.items()) {
    if (!entry.is_array() || entry.size() != 2) entry.fail("a pair of token and score expected");
    const double score = entry.at(1).as_double();
    if (!std::isfinite(score)) entry.fail("a finite score expected");
    add_token(vocabulary, entry.at(std::size_t{0}).as_string(),
              checked_id(entry, static_cast<std::int64_t>(spec.scores.size())), entry);
    spec.scores.push_back(twice_rounded(score));
  }
  if (const auto unk = present(model, "unk_id")) {
    spec.unk_id = checked_id(*unk, unk->as_int());
    if (static_cast<std::size_t>(spec.unk_id) >= spec.scores.size()) unk->fail("no token has this id");
  }
  spec.byte_fallback = bool_member(model, "byte_fallback", false);
  return spec;
}

}  // namespace

void read_model(JsonValue value, TokenizerSpec& spec) {
  std::string type = string_member(value, "type", "");
  // Old files do not say: those with merges are BPE.
  if (type.empty()) type = value.find("merges") ? "BPE" : value.at("vocab").is_array() ? "Unigram" : "";
  if (type == "BPE")
    spec.model = read_bpe(value, spec.vocabulary);
  else if (type == "Unigram")
    spec.model = read_unigram(value, spec.vocabulary);
  else if (value.find("type"))
    value.at("type").fail("unknown model " + in_quotes(type) + " (BPE and Unigram are supported)");
  else
    value.fail("neither type nor merges");
}

}  // namespace kelvin
