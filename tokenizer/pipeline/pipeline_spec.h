// What a tokenizer file says about the steps around its model, as plain data: from text to words, and from
// pieces back to text. Sequences are flat: each list runs from front to back.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "tokenizer/pipeline/pattern.h"
#include "tokenizer/unicode/normal_form.h"

namespace kelvin {

// What becomes of a match when text is split.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

// When a replacement character is put in front of the text.
enum class PrependScheme { first, never, always };

// The map of bytes to printable characters that byte-level vocabularies are written in.
struct ByteLevelText {};

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
    std::variant<unicode::NormalForm, PrependText, ReplaceText, LowercaseText, StripText, StripAccents,
                 NmtText, BertText, ByteLevelText, PrecompiledText, SentencePieceText>;

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

}  // namespace kelvin
