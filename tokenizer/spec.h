// What a tokenizer file says, as plain data. Sequences are flat: each list runs from front to back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tokenizer/models/vocabulary.h"

namespace kelvin {

// A literal, or a regular expression in Oniguruma's Ruby syntax.
struct Pattern {
  std::string text;
  bool is_regex = false;
};

// What becomes of a match when text is split.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

// When a replacement character is put in front of the text.
enum class PrependScheme { first, never, always };

// The map of bytes to printable characters that byte-level vocabularies are written in.
struct ByteLevelText {};

enum class NormalForm { nfc, nfd, nfkc, nfkd };

struct PrependText {
  std::string text;
};
struct ReplaceText {
  Pattern pattern;
  std::string content;
};
struct LowercaseText {};
struct StripText {
  bool left = true, right = true;
};
struct StripAccents {};
struct NmtText {};
struct BertText {
  bool clean_text = true, handle_chinese_chars = true, lowercase = true;
  bool strip_accents = true;
};
// A compiled map of SentencePiece (charsmap.h) as tokenizer.json applies it: by grapheme cluster.
struct PrecompiledText {
  std::string charsmap;
};
// SentencePiece's own normalizer: such a map by longest match, then what becomes of blanks.
struct SentencePieceText {
  std::string charsmap;               // charsmap.h; empty: none
  std::vector<std::string> literals;  // stay as they are
  bool add_dummy_prefix = true;       // a blank in front (behind, where `blank_as_suffix`)
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;  // blanks become U+2581
  bool blank_as_suffix = false;
  bool prefix_once = false;  // only where the whole input begins, not behind every added token
};
using NormalizerSpec =
    std::variant<NormalForm, PrependText, ReplaceText, LowercaseText, StripText, StripAccents, NmtText,
                 BertText, ByteLevelText, PrecompiledText, SentencePieceText>;

struct SplitPattern {
  Pattern pattern;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;  // what lies between the matches is the match
};
struct ByteLevelWords {
  bool add_prefix_space = true;
  bool use_regex = true;
};
struct MetaspaceWords {
  std::string replacement = "\u2581";  // one character
  PrependScheme prepend_scheme = PrependScheme::always;
  bool split = true;
};
struct SplitDigits {
  bool individual = false;
};
struct SplitPunctuation {
  SplitBehavior behavior = SplitBehavior::isolated;
};
struct WhitespaceWords {};  // \w+|[^\w\s]+
struct SplitWhitespace {};  // at whitespace, which goes
struct BertWords {};        // at whitespace, which goes, and around each punctuation mark
struct FixedLengthWords {
  std::size_t length = 5;  // characters
};
struct SplitScripts {};  // where the script changes (script_runs.h)
struct SplitLiterals {   // each literal is a piece of its own: from left to right, the longest one
  std::vector<std::string> literals;
};
using PreTokenizerSpec =
    std::variant<SplitPattern, ByteLevelWords, MetaspaceWords, SplitDigits, SplitPunctuation, WhitespaceWords,
                 SplitWhitespace, BertWords, FixedLengthWords, SplitScripts, SplitLiterals>;

struct BpeMerge {
  int left = 0, right = 0, merged = 0;  // ids
};
struct BpeSpec {
  std::vector<BpeMerge> merges;  // the first has the highest priority
  // By merge, ascending: those of one rank are equals, and the leftmost goes first. Empty: each has its own.
  std::vector<std::uint32_t> ranks;
  std::string unk_token;  // empty: none
  bool fuse_unk = false;
  bool byte_fallback = false;  // characters without a token become <0xNN> tokens
  bool ignore_merges = false;  // a word that is a token is taken whole
  std::vector<int> whole;      // ids, ascending: so are these, whatever merges
  std::string continuing_subword_prefix, end_of_word_suffix;
};
struct UnigramSpec {
  std::vector<double> scores;  // by id: log-probabilities; -infinity: not found in text
  int unk_id = -1;             // -1: none
  bool byte_fallback = false;
  bool is_sentencepiece =
      false;  // float sums, and unknown characters in a row are no token whatever they spell
  std::optional<double> unk_score{};  // default: 10 below the lowest score
};
using ModelSpec = std::variant<BpeSpec, UnigramSpec>;

struct AddedToken {
  std::string content;
  int id = 0;
  bool single_word = false;             // only where no word character touches it
  bool lstrip = false, rstrip = false;  // takes the whitespace before, behind
  bool normalized = true;               // looked for in normalised text
  bool special = false;
};

// The ids put before and behind those of the text.
struct PostProcessorSpec {
  std::vector<int> before, after;
};

struct ReplacePiece {
  Pattern pattern;
  std::string content;
};
struct ByteFallbackPieces {};
struct FusePieces {};
struct StripPiece {
  std::string content;  // one character
  std::size_t start = 0, stop = 0;
};
struct MetaspacePieces {
  std::string replacement = "\u2581";
  PrependScheme prepend_scheme = PrependScheme::always;
};
struct ByteLevelPieces {};
struct WordPiecePieces {
  std::string prefix = "##";
  bool cleanup = true;
};
struct BpeSuffixPieces {
  std::string suffix = "</w>";
};
struct CtcPieces {  // connectionist temporal classification: a piece that is repeated counts once
  std::string pad_token = "<pad>", word_delimiter_token = "|";
  bool cleanup = true;
};
using DecoderSpec = std::variant<ReplacePiece, ByteFallbackPieces, FusePieces, StripPiece, MetaspacePieces,
                                 ByteLevelPieces, WordPiecePieces, BpeSuffixPieces, CtcPieces>;

struct TokenizerSpec {
  std::string source;  // the file, for errors that only a text brings about
  TokenTable vocabulary;
  std::vector<AddedToken> added_tokens;
  std::vector<NormalizerSpec> normalizers;
  std::vector<PreTokenizerSpec> pre_tokenizers;
  ModelSpec model;
  PostProcessorSpec post_processor;
  std::vector<DecoderSpec> decoders;  // none: pieces are joined by spaces
};

}  // namespace kelvin
