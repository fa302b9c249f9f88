// What kelvin-duel says: every step's divergences, every text's measures, and how the chains compare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/lab/duel/duel_run.h"
#include "tools/lab/duel/paired_test.h"
#include "tools/output/provenance.h"
#include "tools/output/svg_plot.h"

namespace kelvin {

// One measure of all texts.
struct DuelMeasure {
  std::string key, meaning;                 // "distinct_2", "different pairs of tokens"
  std::vector<std::vector<double>> values;  // (chains, draws); NaN where a text is too short
  std::vector<PairedTest> tests;            // (chains - 1,): each other chain against the first
};

struct DuelReport {
  std::vector<std::string> chains;
  std::vector<DuelDraw> draws;
  std::vector<DuelMeasure> measures;
  std::vector<StepSums> steps;  // (chains - 1,): of all draws
  std::uint64_t seed = 0;
};
DuelReport duel_report(const DuelPlan& plan, std::vector<DuelDraw> draws);

// Until which token two texts of one draw are the same.
std::size_t common_tokens(const DuelText& a, const DuelText& b);

std::string duel_table(const DuelReport& report);
// A line for each text, for each measure and chain, for the steps; the last one says how many draws and chains there were.
std::string duel_json(const DuelReport& report);
// Quality against diversity, with regions of 95 % confidence of the means.
Plot duel_front(const DuelReport& report);
std::string duel_html(const DuelReport& report, const Provenance& provenance);

}  // namespace kelvin
