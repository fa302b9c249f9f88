// The text of a LoadError, for tests of messages.
#pragma once

#include <string>

#include "loaders/files/load_error.h"

namespace kelvin::test {

// What LoadError `action` throws, "" if none.
template <class Action>
std::string load_error(Action action) {
  try {
    action();
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}

}  // namespace kelvin::test
