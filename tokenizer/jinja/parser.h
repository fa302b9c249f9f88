// A template's text as a tree.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/jinja/ast.h"

namespace kelvin::jinja {

// Throws TemplateError with the line of the first mistake; filters and tests that do not exist are mistakes
// where the reference finds them at once, that is anywhere but in conditions and what they guard.
Program parse(std::string_view source, const std::string& name);

}  // namespace kelvin::jinja
