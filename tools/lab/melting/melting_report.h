// What kelvin-sweep --generate answers: a table, JSON lines, plots, a page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/lab/melting/melting.h"
#include "tools/lab/melting/melting_work.h"
#include "tools/output/provenance.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

struct MeltingReport {
  const MeltingTexts& texts;
  std::vector<MeltingPoint> points;
  std::optional<Transition> response, fluctuation, steps;  // where each heat capacity is largest
};
MeltingReport melting_report(const MeltingTexts& texts);

std::string melting_table(const MeltingReport& report);
// Every text a line ("type":"text"), then every temperature ("point"), then "transition", from which all can be computed
// again (tests/tools/lab/melting/recompute.py).
std::string melting_json(const MeltingReport& report);
std::vector<Plot> melting_plots(const MeltingReport& report);
std::string melting_html(const MeltingReport& report, const Provenance& provenance);

}  // namespace kelvin
