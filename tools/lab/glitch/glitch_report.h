// How kelvin-glitch answers: a table, JSON lines, a page with a map of the embedding.
#pragma once

#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tools/lab/glitch/glitch_score.h"
#include "tools/lab/glitch/glitch_work.h"
#include "tools/output/provenance.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

struct GlitchReport {
  GlitchScan scan;
  std::size_t top;  // how many tokens are shown
  GlitchEvidence evidence;
  std::vector<TailFacts> contexts;  // (vocabulary,) or empty
};

std::string glitch_table(const GlitchReport& report, const Tokenizer& tokenizer);
std::string glitch_json(const GlitchReport& report, const Tokenizer& tokenizer);  // one line per token shown
// The embedding on its first two principal components. projection.at: (rows of the embedding,)
Plot glitch_map(const GlitchReport& report, const Tokenizer& tokenizer, const Projection& projection);
std::string glitch_html(const GlitchReport& report, const Tokenizer& tokenizer, const Plot& map,
                        const Provenance& provenance);

}  // namespace kelvin
