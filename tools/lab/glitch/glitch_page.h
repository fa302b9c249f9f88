// The atlas of a model's anomalous tokens as a page: a map of the embedding, the reference, the end of distributions, the
// copy test, and all suspects beside magikarp's indicators.
#pragma once

#include <string>

#include "tools/lab/glitch/glitch_report.h"
#include "tools/output/provenance.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

// The embedding on its first two principal components. projection.at: (rows of the embedding,)
Plot glitch_map(const GlitchReport& report, const Tokenizer& tokenizer, const Projection& projection);

std::string glitch_html(const GlitchReport& report, const Tokenizer& tokenizer, const Plot& map,
                        const Provenance& provenance);

}  // namespace kelvin
