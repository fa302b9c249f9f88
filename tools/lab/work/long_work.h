// Long work in units that do not depend on each other: interrupted and resumed, divided among machines,
// joined.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loaders/json/json.h"
#include "tools/lab/work/part_file.h"
#include "tools/options/flags.h"

namespace kelvin {

struct WorkFlags {
  std::optional<std::string> part;
  std::optional<Shard> shard;
  std::vector<std::string> merged;

  void add_to(Flags& flags);  // --part, --shard, --merge
  bool given() const { return part || shard || merges(); }
  bool merges() const { return !merged.empty(); }
};

template <class Result>
struct LongWork {
  PartHeader header;                                // without its shard
  std::function<Result(std::size_t unit)> compute;  // what it throws ends the run
  std::function<std::string(const Result&)> write;  // as JSON, exactly
  std::function<Result(JsonValue)> read;
};

template <class Result>
std::vector<Result> read_results(const MergedParts& parts, const std::function<Result(JsonValue)>& read) {
  std::vector<Result> results;
  for (std::size_t unit = 0; unit < parts.results.size(); ++unit)
    results.push_back(read(parse_json(parts.results[unit], "unit " + std::to_string(unit)).root()));
  return results;
}

// The results of all units, in order. Nothing if this run is one shard of several: then they are in its part.
template <class Result>
std::optional<std::vector<Result>> run_work(const WorkFlags& flags, const LongWork<Result>& work) {
  const Shard shard = flags.shard.value_or(Shard{});
  std::vector<Result> results;
  if (!flags.part && shard.count == 1) {
    for (std::size_t unit = 0; unit < work.header.units; ++unit) results.push_back(work.compute(unit));
    return results;
  }
  PartHeader header = work.header;
  header.shard = shard;
  PartFile part(flags.part.value_or("-"), header);
  for (std::size_t unit = 0; unit < header.units; ++unit) {
    if (!shard.has(unit)) continue;
    const auto done = part.results().find(unit);
    if (done == part.results().end()) {
      Result result = work.compute(unit);
      part.add(unit, work.write(result));
      if (shard.count == 1) results.push_back(std::move(result));
    } else if (shard.count == 1) {
      results.push_back(work.read(parse_json(done->second, *flags.part).root()));
    }
  }
  if (shard.count == 1) return results;
  return std::nullopt;
}

}  // namespace kelvin
