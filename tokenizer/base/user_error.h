// The base of every error that a user can act on.
#pragma once

#include <stdexcept>

namespace kelvin {

// A value, text, file or setting that cannot be used; what() is one line that says where, what was expected and what
// was found. The tools print it and exit with status 2. What a caller of the libraries did wrong is std::logic_error.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace kelvin
