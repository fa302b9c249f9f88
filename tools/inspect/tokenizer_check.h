// A tokenizer against a dump of what another implementation makes of the same files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tokenizer/tokenizer.h"

namespace kelvin {

// What JSON lines hold for a tokenizer: a text in their "text_b64", and a list of its ids. Throw LoadError.
std::string text_in_base64(JsonValue line);
std::vector<int> ids_of(JsonValue list, const Tokenizer& tokenizer);

struct CheckResult {
  std::size_t lines = 0, differ = 0;
};

// Reads JSON lines: "text" (or "text_b64") with its "ids", and what else is there of "ids_plain" (without
// those that the post-processor adds), "decoded" and "decoded_skip_special"; without a text, ids are only
// decoded. Calls `differs` with one JSON object {"line", "key", "expected", "found"} for each line that is
// wrong, with its first wrong key. Throws LoadError that names the line.
CheckResult check_tokenizer(const Tokenizer& tokenizer, const std::filesystem::path& dump,
                            const std::function<void(const std::string& json)>& differs);

}  // namespace kelvin
