// A SentencePiece model as data (Kudo and Richardson 2018, arXiv 1808.06226), and the tokenizer it describes.
// Formats that keep such models (SentencePiece's own files, GGUF) fill in the same structure.
#pragma once

#include <string>
#include <vector>

#include "tokenizer/spec.h"

namespace kelvin {

// With the numbers that files have.
enum class PieceType { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct ScoredPiece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::normal;
};

struct SentencePieceModel {
  std::vector<ScoredPiece> pieces;  // by id
  bool is_unigram = false;          // else BPE, whose merges are found by score
  bool byte_fallback = false;
  bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;
  bool whitespace_as_suffix = false;
  std::string charsmap;  // charsmap.h; empty: none
  // As GGUF files come: a piece may stand twice, and the first counts; one with a character that is no piece is
  // never found. Else both are refused.
  bool lenient = false;
  bool prefix_once = false;  // the dummy prefix only where the input begins, not behind every added token
};

// Added tokens are the control and unknown pieces, found in raw text; there is no post-processor. Decoding
// shows pieces as tokenizer.json does (Replace, ByteFallback, Fuse, Strip). Throws TokenizerError that
// names the piece which does not fit.
TokenizerSpec sentencepiece_tokenizer(SentencePieceModel model);

}  // namespace kelvin
