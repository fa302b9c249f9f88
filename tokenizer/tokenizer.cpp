#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>
#include <variant>

#include "tokenizer/base/side_by_side.h"
#include "tokenizer/base/tokenizer_error.h"
#include "tokenizer/models/added_tokens.h"
#include "tokenizer/models/bpe.h"
#include "tokenizer/models/unigram.h"
#include "tokenizer/pipeline/decoder.h"
#include "tokenizer/pipeline/length_limit.h"
#include "tokenizer/pipeline/normalizer.h"
#include "tokenizer/pipeline/pretokenize.h"
#include "tokenizer/spec.h"
#include "tokenizer/unicode/byte_level.h"
#include "tokenizer/unicode/utf8.h"

namespace kelvin {

namespace {

// What the pieces of a word mean to the reader, whatever stands around them.
std::string running_text(std::string piece, const std::vector<DecoderSpec>& decoders) {
  const std::size_t max = tokenizer::max_length_from(piece.size());
  for (const DecoderSpec& decoder : decoders) {
    if (const auto* replace = std::get_if<ReplacePiece>(&decoder))
      piece = tokenizer::replaced(piece, replace->pattern.regex(), replace->content, max);
    else if (const auto* metaspace = std::get_if<MetaspacePieces>(&decoder))
      piece = tokenizer::replaced(piece, Regex::literal(metaspace->replacement), " ");
    else if (const auto* suffix = std::get_if<BpeSuffixPieces>(&decoder))
      piece = tokenizer::replaced(piece, Regex::literal(suffix->suffix), " ");
    else if (const auto* words = std::get_if<WordPiecePieces>(&decoder))
      piece = piece.starts_with(words->prefix) ? piece.substr(words->prefix.size()) : " " + piece;
    else if (std::holds_alternative<ByteLevelPieces>(decoder))
      piece = unicode::text_to_bytes(piece).value_or(piece);
    else if (const int byte = unicode::byte_of_token(piece);
             byte >= 0 && std::holds_alternative<ByteFallbackPieces>(decoder))
      return std::string(1, static_cast<char>(static_cast<unsigned char>(byte)));
    tokenizer::check_length(piece.size(), max, "decoder");
  }
  return piece;
}

// What `work` returns; where the file's own data stops it, the error names the file.
template <class Work>
auto naming(const std::string& source, Work work) {
  try {
    return work();
  } catch (const TokenizerError& problem) {
    if (source.empty()) throw;
    throw TokenizerError(source + ": " + problem.what());
  }
}

bool ends_in_bytes(const std::vector<PreTokenizerSpec>& steps) {
  return !steps.empty() && std::holds_alternative<ByteLevelWords>(steps.back());
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(TokenizerSpec spec);

  void encode_normalized(std::string_view text, std::size_t origin, std::vector<int>& ids) const;
  // The same where nothing is an added token.
  void encode_words(std::string_view text, std::size_t origin, std::vector<int>& ids) const;
  const AddedToken* added(int id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= added_at.size() ||
        added_at[static_cast<std::size_t>(id)] < 0)
      return nullptr;
    return &added_tokens[static_cast<std::size_t>(added_at[static_cast<std::size_t>(id)])];
  }
  std::string_view piece(int id) const {
    const AddedToken* token = added(id);
    return token ? std::string_view(token->content) : vocabulary.token(id);
  }

  std::string source;
  TokenTable vocabulary;
  std::vector<AddedToken> added_tokens;
  std::vector<int> added_at;  // by id: index in added_tokens, or -1
  // What decoders see of each added token: those looked for in normalised text are normalised themselves, and
  // if that changes them they do not count as special any more.
  std::vector<std::string> spellings;
  std::vector<bool> skipped;
  tokenizer::AddedTokenFinder raw_finder, normalized_finder;
  tokenizer::Normalizer normalizer;
  tokenizer::PreTokenizer pre_tokenizer;
  std::variant<std::monostate, tokenizer::BpeModel, tokenizer::UnigramModel> model;
  PostProcessorSpec post_processor;
  std::vector<DecoderSpec> decoders;
};

Tokenizer::Parts::Parts(TokenizerSpec spec)
    : source(std::move(spec.source)),
      vocabulary(std::move(spec.vocabulary)),
      added_tokens(std::move(spec.added_tokens)),
      normalizer(spec.normalizers),
      post_processor(std::move(spec.post_processor)),
      decoders(std::move(spec.decoders)) {
  auto* const bpe = std::get_if<BpeSpec>(&spec.model);
  const bool raw_bytes =
      bpe && ends_in_bytes(spec.pre_tokenizers) && tokenizer::BpeModel::takes_raw_bytes(vocabulary, *bpe);
  // Regular expressions are compiled while the model's tables are filled.
  side_by_side(
      [&] {
        if (bpe)
          model.emplace<tokenizer::BpeModel>(vocabulary, std::move(*bpe), raw_bytes);
        else
          model.emplace<tokenizer::UnigramModel>(vocabulary, std::move(std::get<UnigramSpec>(spec.model)));
      },
      [&] { pre_tokenizer = tokenizer::PreTokenizer(spec.pre_tokenizers, raw_bytes); });
  tokenizer::DecodeChain check(decoders);

  std::unordered_set<std::string_view> special_contents;
  for (const AddedToken& token : added_tokens)
    if (token.special) special_contents.insert(token.content);
  for (const AddedToken& token : added_tokens) {
    std::size_t origin = 0;
    spellings.push_back(token.normalized ? normalizer.run(token.content, origin) : token.content);
    if (spellings.back().empty())
      throw TokenizerError("nothing is left of the added token \"" + token.content +
                           "\" after normalization");
    skipped.push_back(special_contents.contains(spellings.back()));
  }
  std::vector<AddedToken> raw, normalized;
  std::vector<std::string> raw_spellings, normalized_spellings;
  // Of equal spellings the first counts, and special tokens come first.
  for (const bool special : {true, false})
    for (std::size_t i = 0; i < added_tokens.size(); ++i) {
      if (added_tokens[i].special != special) continue;
      (added_tokens[i].normalized ? normalized : raw).push_back(added_tokens[i]);
      (added_tokens[i].normalized ? normalized_spellings : raw_spellings).push_back(spellings[i]);
    }
  raw_finder = tokenizer::AddedTokenFinder(std::move(raw), raw_spellings);
  normalized_finder = tokenizer::AddedTokenFinder(std::move(normalized), normalized_spellings);
  for (std::size_t i = 0; i < added_tokens.size(); ++i) {
    const auto id = static_cast<std::size_t>(added_tokens[i].id);
    if (added_tokens[i].id < 0 || added_tokens[i].id >= TokenTable::id_limit)
      throw TokenizerError("id " + std::to_string(added_tokens[i].id) + " of an added token is out of range");
    if (id >= added_at.size()) added_at.resize(id + 1, -1);
    added_at[id] = static_cast<int>(i);
  }
}

void Tokenizer::Parts::encode_words(std::string_view text, std::size_t origin, std::vector<int>& ids) const {
  tokenizer::PieceList list;
  pre_tokenizer.run(text, origin, list);
  if (const auto* bpe = std::get_if<tokenizer::BpeModel>(&model))
    bpe->encode(list, ids);
  else
    std::get<tokenizer::UnigramModel>(model).encode(list, ids);
}

// `origin`: so many bytes at the front of `text` stand for the first character of the whole input.
void Tokenizer::Parts::encode_normalized(std::string_view text, std::size_t origin,
                                         std::vector<int>& ids) const {
  for (const tokenizer::Segment& segment : normalized_finder.split(text)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
      continue;
    }
    const std::string_view part = text.substr(segment.begin, segment.end - segment.begin);
    encode_words(part, tokenizer::part_of_origin(origin, segment.begin, segment.end), ids);
  }
}

std::vector<int> Tokenizer::encode_plain(std::string_view text) const {
  std::string repaired;
  unicode::append_lossy(repaired, text);
  std::size_t origin = unicode::prefix_of_chars(std::string_view(repaired).substr(0, 4), 1);
  if (!parts_->normalizer.empty())
    repaired = naming(parts_->source, [&] { return parts_->normalizer.run(repaired, origin); });
  std::vector<int> ids;
  parts_->encode_words(repaired, origin, ids);
  return ids;
}

const std::vector<AddedToken>& Tokenizer::added_tokens() const { return parts_->added_tokens; }

Tokenizer::Tokenizer(TokenizerSpec spec) : parts_(std::make_unique<const Parts>(std::move(spec))) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<int> Tokenizer::encode(std::string_view text, bool add_special) const {
  const Parts& parts = *parts_;
  std::string repaired;
  if (!unicode::is_utf8(text)) {
    unicode::append_lossy(repaired, text);
    text = repaired;
  }
  // Places in the text are kept in 32 bits.
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()) / 4)
    throw TokenizerError("texts above 512 MiB are not supported");
  std::vector<int> ids;
  if (add_special) ids = parts.post_processor.before;
  for (const tokenizer::Segment& segment : parts.raw_finder.split(text)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
      continue;
    }
    const std::string_view part = text.substr(segment.begin, segment.end - segment.begin);
    std::size_t origin = segment.begin > 0 ? 0 : unicode::prefix_of_chars(part.substr(0, 4), 1);
    if (parts.normalizer.empty()) {
      parts.encode_normalized(part, origin, ids);
    } else {
      const std::string normalized = naming(parts.source, [&] { return parts.normalizer.run(part, origin); });
      parts.encode_normalized(normalized, origin, ids);
    }
  }
  if (add_special)
    ids.insert(ids.end(), parts.post_processor.after.begin(), parts.post_processor.after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const int> ids, bool skip_special) const {
  StreamDecoder stream(*this, skip_special);
  std::string text;
  for (int id : ids) text += stream.push(id);
  return text + stream.finish();
}

int Tokenizer::vocab_size() const {
  return std::max(parts_->vocabulary.limit(), static_cast<int>(parts_->added_at.size()));
}

std::string Tokenizer::piece(int id) const { return std::string(parts_->piece(id)); }

std::string Tokenizer::bytes(int id) const {
  if (parts_->added(id)) return std::string(parts_->piece(id));
  return naming(parts_->source,
                [&] { return running_text(std::string(parts_->vocabulary.token(id)), parts_->decoders); });
}

bool Tokenizer::is_special(int id) const {
  const AddedToken* token = parts_->added(id);
  return token && token->special;
}

bool Tokenizer::is_known(int id) const { return parts_->vocabulary.has(id) || parts_->added(id); }

std::optional<int> Tokenizer::id_of(std::string_view piece) const {
  for (const AddedToken& token : parts_->added_tokens)
    if (token.content == piece) return token.id;
  const int id = parts_->vocabulary.find(piece);
  return id < 0 ? std::nullopt : std::optional(id);
}

struct StreamDecoder::State {
  const Tokenizer::Parts* parts;
  bool skip_special;
  tokenizer::DecodeChain chain;
};

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special)
    : state_(std::make_unique<State>(
          State{tokenizer.parts_.get(), skip_special, tokenizer::DecodeChain(tokenizer.parts_->decoders)})) {}
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;
StreamDecoder::~StreamDecoder() = default;

std::string StreamDecoder::push(int id) {
  const Tokenizer::Parts& parts = *state_->parts;
  const auto push_piece = [&](std::string_view piece) {
    return naming(parts.source, [&] { return state_->chain.push(piece); });
  };
  const AddedToken* token = parts.added(id);
  if (!token) return parts.vocabulary.has(id) ? push_piece(parts.vocabulary.token(id)) : std::string();
  const auto at = static_cast<std::size_t>(token - parts.added_tokens.data());
  return state_->skip_special && parts.skipped[at] ? std::string() : push_piece(parts.spellings[at]);
}

std::string StreamDecoder::finish() {
  return naming(state_->parts->source, [&] { return state_->chain.finish(); });
}

}  // namespace kelvin
