// What a model's tokens are, as far as drawing them goes.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace kelvin {

// What stages may know of the tokens; all of it optional. The chain keeps nothing of it after it is built.
struct Vocabulary {
  std::span<const std::string>
      bytes;  // (n_tokens,) what each id decodes to; logits beyond n_tokens are padding, never drawn
  std::span<const int> stops;         // ids that end the text; no constraint on the text removes them
  std::size_t n_ids = 0;              // how many ids there are, where `bytes` does not tell; 0: not known
  std::span<const int> special = {};  // ids that are no text, ascending: <unused56>, <|im_start|>
  bool may_end = true;                // false: stops do not end the text, and are removed as others are
};

}  // namespace kelvin
