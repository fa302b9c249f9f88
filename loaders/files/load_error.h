// The one exception of loading. Its text is a single line that holds the path, the tensor or key, what was
// expected and what was found, so that whoever reads it can act on it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tokenizer/base/user_error.h"

namespace kelvin {

class LoadError : public UserError {
 public:
  using UserError::UserError;
  // "path: problem"
  LoadError(std::string_view path, std::string_view problem)
      : UserError(std::string(path).append(": ").append(problem)) {}
};

// Text out of a file as an error may show it: control characters and invalid UTF-8 escaped, at most `limit`
// bytes of it.
std::string printable(std::string_view text, std::size_t limit = 120);

// A path as errors show it, whole.
std::string path_text(const std::filesystem::path& path);

// printable() in double quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 120);

}  // namespace kelvin
