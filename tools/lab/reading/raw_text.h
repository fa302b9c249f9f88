// A text given as raw logits and the ids that came: no model needed.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "tools/lab/reading/lab_text.h"
#include "tools/options/flags.h"

namespace kelvin {

struct RawTextFlags {
  std::optional<std::string> file;
  int vocabulary = 0;
  bool shifted = false;

  void add_to(Flags& flags);  // --logits, --vocab, --shifted
  bool given() const { return file.has_value(); }
  // Throws UsageError where the ids are missing, and what read_raw_logits() throws.
  LabText read(std::span<const int> ids) const;
};

// float32 little-endian, (rows, vocabulary). Row t led to ids[t]; if `shifted`, or if there is one row less
// than ids, to ids[t + 1], as kelvin-logits --raw writes them for the text `ids` (the row after the last id
// is not used); or a .npy file, whose header says the shape. `vocabulary` 0: that of the header, or the one that
// fits the number of ids. Throws UserError, LoadError; UsageError where both ways to count rows fit.
LabText read_raw_logits(const std::filesystem::path& path, int vocabulary, std::span<const int> ids,
                        bool shifted, int threads = 0);

}  // namespace kelvin
