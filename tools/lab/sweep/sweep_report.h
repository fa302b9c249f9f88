// How kelvin-sweep answers: a table, CSV, JSON lines, plots, a page.
#pragma once

#include <string>
#include <vector>

#include "tools/lab/sweep/lab_sweep.h"
#include "tools/lab/sweep/sweep_features.h"
#include "tools/output/provenance.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

struct SweepReport {
  std::string name;   // of what was swept
  std::size_t steps;  // that the means are over
  std::vector<SweepPoint> points;
  std::vector<double> listed;  // betas that the table shows
  std::vector<SweepFeature> features = {};
};

std::string sweep_table(const SweepReport& report);
std::string sweep_csv(const SweepReport& report);
// One line per temperature; the last one has the features too.
std::string sweep_json(const SweepReport& report);
// Heat capacity over temperature; entropy over energy, whose slope is 1/T; everything along the whole line of
// temperatures.
std::vector<Plot> phase_picture(const SweepReport& report);
std::string sweep_html(const SweepReport& report, const Provenance& provenance);

// The largest relative deviations of the two checks by finite differences, where the quantities are not
// negligible.
struct SweepChecks {
  double heat_capacity, beta;
};
SweepChecks checks_of(const std::vector<SweepPoint>& points);

}  // namespace kelvin
