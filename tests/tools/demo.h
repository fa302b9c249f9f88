// The demo model, opened once for all tests of the tools.
#pragma once

#include "tests/support.h"
#include "tools/options/model_options.h"

namespace kelvin::test {

inline OpenModel& demo() {
  static OpenModel model = [] {
    ModelFlags flags;
    flags.folder = (source_dir() / "tools" / "ember").string();
    flags.threads = 1;
    return open_model(flags);
  }();
  return model;
}

}  // namespace kelvin::test
