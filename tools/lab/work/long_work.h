// Long work in units that do not depend on each other: interrupted and resumed, divided among machines,
// joined.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loaders/json/json.h"
#include "tools/lab/work/part_file.h"
#include "tools/options/flags.h"
#include "tools/terminal/interrupt.h"

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
  using Save = std::function<void(Result piece)>;

  PartHeader header;  // without its shard
  // Goes on with a unit of which `done` is known, gives pieces to `save` as they come, and returns what comes after
  // them. What it throws ends the run.
  std::function<Result(std::size_t unit, const Result& done, const Save& save)> compute;
  std::function<std::string(const Result&)> write;  // as JSON, exactly
  std::function<Result(JsonValue)> read;
  // Puts a piece after those before it. Without it a piece, or a result, is all there is of its unit so far.
  std::function<void(Result& whole, Result piece)> join = {};
  // How much is saved, for who interrupts the run: "512 of 2000 tokens".
  std::function<std::string()> saved = {};

  void append(Result& whole, Result piece) const {
    if (join)
      join(whole, std::move(piece));
    else
      whole = std::move(piece);
  }
  Result read_unit(const PartUnit& unit, const std::string& name) const {
    Result whole{};
    // Where pieces replace each other, only the last one is worth reading.
    for (std::size_t i = join ? 0 : unit.pieces.size() - 1; i < unit.pieces.size(); ++i)
      append(whole, read(parse_json(unit.pieces[i], name).root()));
    return whole;
  }
};

template <class Result>
std::vector<Result> read_results(const MergedParts& parts, const LongWork<Result>& work) {
  std::vector<Result> results;
  for (std::size_t unit = 0; unit < parts.units.size(); ++unit)
    results.push_back(work.read_unit(parts.units[unit], "unit " + std::to_string(unit)));
  return results;
}

// What Ctrl-C leaves, and how to go on: `saved` is in the part, if there is one.
Interrupted interruption(const WorkFlags& flags, const std::string& saved);

// The results of all units, in order. Nothing if this run is one shard of several: then they are in its part.
// Interrupted is thrown on with what interruption() says.
template <class Result>
std::optional<std::vector<Result>> run_work(const WorkFlags& flags, const LongWork<Result>& work) try {
  const Shard shard = flags.shard.value_or(Shard{});
  PartHeader header = work.header;
  header.shard = shard;
  std::optional<PartFile> part;
  if (flags.part || shard.count > 1) part.emplace(flags.part.value_or("-"), header);
  std::vector<Result> results;
  for (std::size_t unit = 0; unit < header.units; ++unit) {
    if (!shard.has(unit)) continue;
    Result whole{};
    bool complete = false;
    if (part)
      if (const auto found = part->units().find(unit); found != part->units().end()) {
        complete = found->second.complete;
        whole = work.read_unit(found->second, *flags.part);
      }
    if (!complete) {
      Result rest = work.compute(unit, std::as_const(whole), [&](Result piece) {
        if (part) {
          const std::string json = work.write(piece);
          work.join ? part->add_piece(unit, json) : part->replace_piece(unit, json);
        }
        work.append(whole, std::move(piece));
      });
      if (part) part->add(unit, work.write(rest));
      work.append(whole, std::move(rest));
    }
    if (shard.count == 1) results.push_back(std::move(whole));
  }
  if (shard.count == 1) return results;
  return std::nullopt;
} catch (const Interrupted&) {
  throw interruption(flags, work.saved ? work.saved() : "what was done");
}

}  // namespace kelvin
