// JSON as values of chat templates.
#pragma once

#include "loaders/json/json.h"
#include "tokenizer/jinja/value.h"

namespace kelvin {

// Objects become dicts in the order of the text. Throws LoadError for integers beyond int64.
jinja::Value json_to_value(const JsonValue& json);

}  // namespace kelvin
