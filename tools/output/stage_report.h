// What a chain did to one step, and why it came to this token: for people and as JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sampling/statistics/boltzmann.h"
#include "sampling/trace.h"
#include "sampling/why.h"

namespace kelvin {

struct StageReport {
  std::size_t row;       // of the logits file
  std::size_t position;  // of the drawn token
  std::uint64_t seed;
  const Trace& trace;
  const Why& why;
};

// How a token is called: its id, or the text it stands for.
using TokenName = std::function<std::string(int id)>;

// A table with a line per stage, then the reasons in sentences.
std::string stage_report_text(const Trace& trace, const Why& why, const TokenName& name);

// One JSON object on one line, without its end of line.
std::string stage_report_json(const StageReport& report);

// The statistics of one row at one beta as one JSON object: names and conventions of goldens C1. What does
// not exist is null.
std::string thermo_json(std::size_t row, const Thermo& thermo);

}  // namespace kelvin
