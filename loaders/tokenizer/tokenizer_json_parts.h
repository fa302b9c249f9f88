// The parts of a tokenizer.json, each read by its type; what is not understood is refused by name.
#pragma once

#include <vector>

#include "loaders/json/json_fields.h"
#include "tokenizer/spec.h"

namespace kelvin {

// Members with a default. Throw LoadError on another type.
bool bool_member(JsonValue object, std::string_view key, bool otherwise);
std::string string_member(JsonValue object, std::string_view key, std::string_view otherwise);

// The content of a token that may be a string or an object; nothing if the member is absent or null.
std::optional<std::string> token_member(JsonValue object, std::string_view key);

// `id` where `place` says it. Throws LoadError unless it is one of 0 to TokenTable::id_limit - 1.
int token_id(JsonValue place, std::int64_t id);

[[noreturn]] void refuse_type(JsonValue value, std::string_view kind);

// The steps of a value that may be a Sequence, of Sequences too, in order.
std::vector<JsonValue> components(JsonValue value, std::string_view list_key);

// Each takes the value of the key in the file, of any nesting of Sequence. Throw LoadError.
std::vector<NormalizerSpec> read_normalizers(JsonValue value);
std::vector<PreTokenizerSpec> read_pre_tokenizers(JsonValue value);
std::vector<DecoderSpec> read_decoders(JsonValue value);
PostProcessorSpec read_post_processor(JsonValue value);

}  // namespace kelvin
