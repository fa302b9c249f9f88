// The texts that the laboratory's tools look at.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/options/flags.h"
#include "tools/options/model_options.h"

namespace kelvin {

struct LabInput {
  std::string name;  // for tables and errors
  // Each read on its own; at least one, each of at least two ids.
  std::vector<std::vector<int>> documents;
  std::size_t bytes = 0;  // UTF-8 bytes of all tokens that may be judged
  // Of each document the tokens at the front that are read but not judged: (documents,), or empty: the first, which
  // nothing stands before.
  std::vector<std::size_t> given = {};
  // Chains that the documents were drawn with, each once; nothing where it is not known.
  std::vector<std::string> chains = {};
  bool is_plain = false;  // a text whose beginning has nothing before it
};

struct TextFlags {
  std::optional<std::string> file, text, separator;
  std::vector<int> ids;

  void add_to(Flags& flags);  // --file, --text, --ids, --split, and the same as --prompt-file and --prompt
  bool given() const { return file || text || !ids.empty(); }
  // Throws UsageError unless exactly one is given, and for what read_text() refuses.
  LabInput read(const OpenModel& model) const;
};

// The lines of kelvin-generate --json (tools/batch/draw_line.h), each a document of its own with its prompt as context.
// A draw of no token is left out. Throws UsageError that names the line, and where nothing was drawn.
LabInput lab_input_draws(const OpenModel& model, const std::string& name, const std::string& lines);
// Whether a text begins as such lines do.
bool holds_draws(std::string_view text);

// A text as the model reads it, begun by BOS if its tokenizer adds one; where a `separator` is given, lines
// equal to it divide the text into documents. Throws UsageError on NUL bytes, broken UTF-8 (with the byte),
// and a text with no token that could be judged.
LabInput lab_input(const OpenModel& model, const std::string& name, const std::string& text,
                   const std::optional<std::string>& separator = {});
// A file that holds draws is read as such.
LabInput lab_input_file(const OpenModel& model, const std::string& path,
                        const std::optional<std::string>& separator = {});
LabInput lab_input_ids(const OpenModel& model, const std::vector<int>& ids);

}  // namespace kelvin
