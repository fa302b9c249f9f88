// What a model reads before it is packed with error feedback.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/options/model_options.h"

namespace kelvin {

using TokenTexts = std::vector<std::vector<int>>;  // each read on its own

// `tokens` tokens the model writes itself, at temperature 1: texts that begin with BOS (or where there is
// none the end token) and end with an end token, after 256 tokens, or where all together have their number.
// The same on every machine. `written` is told how many there are after every step; what it throws passes
// through. Throws UsageError where the tokenizer has neither token.
TokenTexts own_texts(OpenModel& model, int tokens, std::uint64_t seed,
                     const std::function<void(int done)>& written);

// The first `tokens` tokens of a file in pieces of at most 512, each begun by BOS if the tokenizer adds one;
// lines equal to `separator` divide it into documents. Throws UsageError as lab_input_file() does.
TokenTexts file_texts(const OpenModel& model, const std::string& path, int tokens,
                      const std::optional<std::string>& separator);

}  // namespace kelvin
