// The error of tokenizers.
#pragma once

#include "tokenizer/base/user_error.h"

namespace kelvin {

// A vocabulary, pattern or setting that makes no tokenizer, or a text that a tokenizer cannot take.
class TokenizerError : public UserError {
 public:
  using UserError::UserError;
};

}  // namespace kelvin
