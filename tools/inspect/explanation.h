// kelvin-logits as an explanation: what the model thought at each position, printed and as a page.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "tools/inspect/logits_report.h"
#include "tools/inspect/logits_text.h"
#include "tools/inspect/page/logits_page_builder.h"
#include "tools/options/flags.h"
#include "tools/output/output_file.h"

namespace kelvin {

struct ExplainFlags {
  LogitsReport::Format format;
  std::optional<std::string> html;
  int html_from = 0;
  bool lens = false;

  void add_to(Flags& flags);
};

class Explanation {
 public:
  // The page is made at once, so that a path that cannot be written is told before the model works. `out` is
  // told every position, or nothing but the end where `brief`. Throws UserError.
  Explanation(std::ostream& out, const OpenModel& model, const ExplainFlags& flags, bool brief);

  // Before the positions of `text`, which must outlive this.
  void begin(const LogitsText& text);
  void add(const PositionLogits& at);
  // The last line, with the hash of all logits; the page appears.
  void finish(const std::string& sha256);

 private:
  const OpenModel& model_;
  const ExplainFlags& flags_;
  bool is_told_;
  std::optional<OutputFile> file_;
  LogitsReport report_;
  std::optional<LogitsPageBuilder> page_;
  std::size_t positions_ = 0, vocabulary_;
};

}  // namespace kelvin
