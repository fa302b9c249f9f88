// SentencePiece's compiled map of character sequences: a double-array trie (Aoe 1989) as Darts-clone writes
// it, and the texts its values point to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kelvin::tokenizer {

class CharsMap {
 public:
  CharsMap() = default;  // maps nothing
  // `bytes`: length of the trie in bytes (32 bits, little endian), its units of 32 bits, and texts that end
  // in NUL. Throws TokenizerError if sizes do not fit or the texts are no UTF-8.
  explicit CharsMap(std::string_view bytes);

  bool empty() const { return units_.empty(); }

  struct Found {
    std::size_t length = 0;  // bytes of the key; 0: none
    std::string_view text;   // what it becomes
  };
  // The longest and the shortest key that `text` begins with. Throw TokenizerError where the trie
  // points outside itself.
  Found longest(std::string_view text) const;
  Found shortest(std::string_view text) const;

 private:
  Found find(std::string_view text, bool first) const;
  std::uint32_t unit(std::size_t at) const;

  std::vector<std::uint32_t> units_;
  std::string texts_;
};

}  // namespace kelvin::tokenizer
