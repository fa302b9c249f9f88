#include "tokenizer/models/bpe.h"

#include <algorithm>
#include <utility>

#include "tokenizer/base/side_by_side.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/models/bpe_merge.h"
#include "tokenizer/models/word_cache.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin::tokenizer {

namespace {

constexpr std::size_t n_joints = 1 << 18;

char32_t first_char(std::string_view text) {
  const char* at = text.data();
  return unicode::next_char(at);
}

}  // namespace

bool BpeModel::takes_raw_bytes(const TokenTable& vocabulary, const BpeSpec& spec) {
  if (!spec.continuing_subword_prefix.empty() || !spec.end_of_word_suffix.empty()) return false;
  if (!spec.byte_fallback && spec.unk_token.empty()) return true;
  // With a token for every byte there is nothing unknown.
  for (int byte = 0; byte < 256; ++byte)
    if (vocabulary.find(unicode::to_utf8(unicode::byte_to_char(static_cast<unsigned char>(byte)))) < 0)
      return false;
  return true;
}

BpeModel::BpeModel(const TokenTable& vocabulary, BpeSpec spec, bool raw_bytes)
    : vocabulary_(&vocabulary),
      spec_(std::move(spec)),
      whole_(std::make_unique<std::atomic<std::uint8_t>[]>(static_cast<std::size_t>(vocabulary.limit()))) {
  // The two large tables at the same time: loading is what a user waits for.
  side_by_side(
      [&] {
        if (raw_bytes) raw_.emplace(vocabulary);
      },
      [&] { merges_ = MergeTable(std::move(spec_.merges), std::move(spec_.ranks)); });
  all_bytes_ = true;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string raw(1, static_cast<char>(static_cast<unsigned char>(byte)));
    int& id = byte_ids_[static_cast<std::size_t>(byte)];
    id = raw_bytes ? find(raw, hash_bytes(raw))
                   : vocabulary.find(unicode::byte_token(static_cast<unsigned char>(byte)));
    if (id < 0) all_bytes_ = false;
    if (byte < 128) ascii_ids_[static_cast<std::size_t>(byte)] = find(raw, hash_bytes(raw));
  }
  if (!spec_.unk_token.empty()) unk_id_ = vocabulary.find(spec_.unk_token);
  if (!raw_bytes) find_joints();
  for (const int id : spec_.whole) whole_.get()[id].store(1, std::memory_order_relaxed);
}

std::size_t BpeModel::joint(char32_t left, char32_t right) const {
  return mix_bits(static_cast<std::uint64_t>(left) << 32 | right) % n_joints;
}

// Collects at which pairs of characters merges join. Where it does not hold that every symbol begins and ends
// with the characters it stands for, words are not cut.
void BpeModel::find_joints() {
  if (!spec_.continuing_subword_prefix.empty() || !spec_.end_of_word_suffix.empty()) return;
  if (!spec_.byte_fallback || !all_bytes_ || spec_.ignore_merges) return;
  std::vector<bool> found(n_joints, false);
  for (const BpeMerge& merge : merges_.merges()) {
    const std::string_view left = vocabulary_->token(merge.left), right = vocabulary_->token(merge.right);
    if (left.empty() || right.empty()) return;
    for (const std::string_view side : {left, right})
      if (side.size() == 6 && side.starts_with("<0x")) return;
    found[joint(unicode::last_char(left), first_char(right))] = true;
  }
  joints_ = std::move(found);
}

void BpeModel::encode(const PieceList& list, std::vector<int>& ids) const {
  WordCache seen(list.text.size());
  std::vector<int> symbols;
  const auto word = [&](std::string_view text) {
    const std::uint64_t hash = hash_bytes(text);
    if (const int id = find(text, hash); id >= 0 && (spec_.ignore_merges || is_whole(text, id, symbols))) {
      ids.push_back(id);
      return;
    }
    if (seen.recall(text, hash, ids)) return;
    const std::size_t begin = ids.size();
    encode_plain(text, ids, symbols);
    seen.remember(text, hash, begin, ids.size());
  };
  for (const Piece& piece : list.pieces) {
    const std::string_view text = list.text.substr(piece.begin, piece.end - piece.begin);
    if (joints_.empty() || is_set_whole(text)) {
      word(text);
      continue;
    }
    // Cut between characters that no merge joins: the same result, and shorter words.
    const char* begin = text.data();
    const char* const end = begin + text.size();
    const char* at = begin;
    char32_t left = unicode::next_char(at);
    while (at < end) {
      const char* after = at;
      const char32_t right = unicode::next_char(after);
      if (!joints_[joint(left, right)]) {
        word({begin, static_cast<std::size_t>(at - begin)});
        begin = at;
      }
      left = right;
      at = after;
    }
    word({begin, static_cast<std::size_t>(end - begin)});
  }
}

bool BpeModel::is_set_whole(std::string_view word) const {
  return !spec_.whole.empty() &&
         std::binary_search(spec_.whole.begin(), spec_.whole.end(), find(word, hash_bytes(word)));
}

bool BpeModel::is_whole(std::string_view word, int id, std::vector<int>& symbols) const {
  std::atomic<std::uint8_t>& known = whole_[static_cast<std::size_t>(id)];
  if (const std::uint8_t answer = known.load(std::memory_order_relaxed)) return answer == 1;
  spell(word, symbols);
  merge_word(symbols, merges_);
  const bool whole = symbols.size() == 1 && symbols[0] == id;
  known.store(whole ? 1 : 2, std::memory_order_relaxed);
  return whole;
}

void BpeModel::encode_plain(std::string_view word, std::vector<int>& ids, std::vector<int>& symbols) const {
  spell(word, symbols);
  merge_word(symbols, merges_);
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

// The symbols that merging begins with.
void BpeModel::spell(std::string_view word, std::vector<int>& symbols) const {
  symbols.clear();
  if (!raw_) return spell_chars(word, symbols);
  for (char byte : word) {
    const int id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id >= 0) symbols.push_back(id);  // a byte without a token is lost, as in the reference
  }
}

// The characters [begin, end) of a word as the vocabulary spells them there.
std::string_view BpeModel::spelled(std::string_view word, std::size_t begin, std::size_t end,
                                   std::string& buffer) const {
  const bool prefixed = begin > 0 && !spec_.continuing_subword_prefix.empty();
  const bool suffixed = end == word.size() && !spec_.end_of_word_suffix.empty();
  const std::string_view text = word.substr(begin, end - begin);
  if (!prefixed && !suffixed) return text;
  buffer = prefixed ? spec_.continuing_subword_prefix : std::string();
  buffer += text;
  if (suffixed) buffer += spec_.end_of_word_suffix;
  return buffer;
}

void BpeModel::spell_chars(std::string_view word, std::vector<int>& symbols) const {
  bool unknown = false;  // one is pending: it goes out before the next known character, not before bytes
  const auto put_unknown = [&] {
    if (std::exchange(unknown, false)) symbols.push_back(unk_id_);
  };
  std::string buffer;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t end = begin + unicode::prefix_of_chars(word.substr(begin, 4), 1);
    const std::string_view text = spelled(word, begin, end, buffer);
    begin = end;
    const auto byte = static_cast<unsigned char>(text[0]);
    const int id = text.size() == 1 && byte < 128 ? ascii_ids_[byte] : vocabulary_->find(text);
    if (id >= 0) {
      put_unknown();
      symbols.push_back(id);
      continue;
    }
    if (spec_.byte_fallback) {
      const std::size_t kept = symbols.size();
      for (char part : text) symbols.push_back(byte_ids_[static_cast<unsigned char>(part)]);
      bool complete = true;
      for (std::size_t i = kept; i < symbols.size(); ++i) complete = complete && symbols[i] >= 0;
      if (complete) continue;
      symbols.resize(kept);
    }
    if (spec_.unk_token.empty()) continue;
    if (unk_id_ < 0)
      throw TokenizerError("model.unk_token \"" + spec_.unk_token + "\" is needed and not in the vocabulary");
    if (!spec_.fuse_unk) put_unknown();
    unknown = true;
  }
  put_unknown();
}

}  // namespace kelvin::tokenizer
