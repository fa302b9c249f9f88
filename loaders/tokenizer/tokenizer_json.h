// tokenizer.json, the file of Hugging Face tokenizers.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "tokenizer/spec.h"

namespace kelvin {

// The text of a tokenizer.json; anything not understood is refused by name. Throws LoadError, which begins
// with `name`. Calls done(begin, end) for parts of the text, in bytes, that are hardly needed any more.
TokenizerSpec read_tokenizer_json(
    std::span<const std::byte> text, const std::string& name,
    const std::function<void(std::size_t begin, std::size_t end)>& done = nullptr);

}  // namespace kelvin
