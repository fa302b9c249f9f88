// Cuts normalised text into the pieces that the model works on, step by step.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/pipeline/literal_trie.h"
#include "tokenizer/pipeline/pipeline_spec.h"
#include "tokenizer/regex/regex.h"

namespace kelvin::tokenizer {

// Bytes [begin, end) of a text whose first `origin` bytes are marked: how many of them are.
inline std::size_t part_of_origin(std::size_t origin, std::size_t begin, std::size_t end) {
  return std::min(origin, end) - std::min(origin, begin);
}

struct Piece {
  std::size_t begin, end;  // bytes of PieceList::text
  std::size_t origin;      // so many bytes at its front stand for the first character of the whole input
};

struct PieceList {
  std::string_view text;
  std::string buffer;  // what `text` views, once a step has rewritten it
  std::vector<Piece> pieces;
};

class PreTokenizer {
 public:
  PreTokenizer() = default;
  // `keep_bytes`: a final byte-level step does not rewrite the bytes, since the model takes them raw.
  PreTokenizer(const std::vector<PreTokenizerSpec>& specs, bool keep_bytes);  // throws RegexError

  // The pieces of well-formed `text`, none empty, in order. `list` views `text` unless a step rewrites it.
  void run(std::string_view text, std::size_t origin, PieceList& list) const;

 private:
  struct Cut {  // at the matches of a pattern
    Regex pattern;
    SplitBehavior behavior;
    bool invert;
  };
  struct CharCut {  // at each character that has a property
    bool (*holds)(char32_t);
    SplitBehavior behavior;
  };
  struct AddSpace {};  // in front of a piece that does not begin with one
  struct MapBytes {};  // to the characters of byte_level.h
  struct Metaspace {   // replaces blanks and marks the front
    std::string replacement;
    PrependScheme prepend_scheme;
  };
  struct FixedLength {
    std::size_t length;
  };
  struct Scripts {};
  struct Literals {
    LiteralTrie trie;
  };
  using Step = std::variant<Cut, CharCut, AddSpace, MapBytes, Metaspace, FixedLength, Scripts, Literals>;
  void add(const PreTokenizerSpec& spec, bool last, bool keep_bytes);

  std::vector<Step> steps_;
};

}  // namespace kelvin::tokenizer
