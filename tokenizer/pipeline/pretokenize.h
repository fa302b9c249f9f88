// Cuts normalised text into the pieces that the model works on, step by step.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/pipeline/literal_trie.h"
#include "tokenizer/pipeline/pipeline_spec.h"
#include "tokenizer/regex/regex.h"

namespace kelvin::tokenizer {

struct Piece {
  std::size_t begin, end;  // bytes of PieceList::text
  bool at_origin;          // begins where the whole input begins
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
  void run(std::string_view text, bool at_origin, PieceList& list) const;

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
