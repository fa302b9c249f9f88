// kelvin-logits as a proof: whether the model agrees with a dump made by another implementation.
#pragma once

#include <iosfwd>
#include <optional>
#include <ostream>
#include <string>

#include "tools/options/flags.h"
#include "tools/options/model_options.h"
#include "tools/output/provenance.h"

namespace kelvin {

struct CheckFlags {
  std::optional<std::string> golden;
  std::optional<double> tolerance;

  void add_to(Flags& flags);
};

// Compares every sequence of the dump and tells `out`, for people or as JSON lines. The exit status: 0 where
// all agree, else 1. `made` is still without its model. Throws UserError.
int run_check(std::ostream& out, const ModelFlags& model, const CheckFlags& check, bool json,
              Provenance made);

}  // namespace kelvin
