// The texts that the laboratory's tools look at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/options/flags.h"
#include "tools/options/model_options.h"

namespace kelvin {

struct LabInput {
  std::string name;  // for tables and errors
  // Each read on its own; at least one, each of at least two ids.
  std::vector<std::vector<int>> documents;
  std::size_t bytes =
      0;  // UTF-8 bytes of all tokens but the first of each document, which nothing stands before
};

struct TextFlags {
  std::optional<std::string> file, text, separator;
  std::vector<int> ids;

  void add_to(Flags& flags);  // --file, --text, --ids, --split, and the same as --prompt-file and --prompt
  bool given() const { return file || text || !ids.empty(); }
  // Throws UsageError unless exactly one is given, and for what read_text() refuses.
  LabInput read(const OpenModel& model) const;
};

// A text as the model reads it, begun by BOS if its tokenizer adds one; where a `separator` is given, lines
// equal to it divide the text into documents. Throws UsageError on NUL bytes, broken UTF-8 (with the byte),
// and a text with no token that could be judged.
LabInput lab_input(const OpenModel& model, const std::string& name, const std::string& text,
                   const std::optional<std::string>& separator = {});
LabInput lab_input_file(const OpenModel& model, const std::string& path,
                        const std::optional<std::string>& separator = {});
LabInput lab_input_ids(const OpenModel& model, const std::vector<int>& ids);

}  // namespace kelvin
