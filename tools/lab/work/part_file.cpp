#include "tools/lab/work/part_file.h"

#include <set>
#include <utility>

#include "loaders/json/json.h"
#include "loaders/json/json_writer.h"
#include "tools/options/flags.h"
#include "tools/output/parse_number.h"
#include "tools/output/read_file.h"

namespace kelvin {
namespace {

std::string name_of(const Shard& shard) {
  return "shard " + std::to_string(shard.index) + "/" + std::to_string(shard.count);
}

std::string text_of(const PartHeader& header) {
  JsonWriter json;
  json.begin_object().member("part", header.kind).member("work", header.work);
  json.member("shard", header.shard.index).member("shards", header.shard.count).member("units", header.units);
  return json.key("about").raw(header.about).end_object().text();
}

std::string line_of(std::size_t unit, const char* key, const std::string& json) {
  JsonWriter line;
  return line.begin_object().member("unit", unit).key(key).raw(json).end_object().text();
}

// A part as it was read: whole lines only; without any, the header line is empty.
struct ReadPart {
  std::string header_line;
  PartHeader header;
  std::map<std::size_t, PartUnit> units;
};

// The JSON after `"key":` up to the closing brace of the line, as it stands there.
std::string tail_of(std::string_view line, std::string_view key) {
  const std::string quoted = "\"" + std::string(key) + "\":";
  const std::size_t at = line.find(quoted) + quoted.size();
  return std::string(line.substr(at, line.size() - 1 - at));
}

PartHeader header_of(const JsonDocument& line, std::string_view text) {
  const JsonValue root = line.root();
  PartHeader header{std::string(root.at("part").as_string()),
                    std::string(root.at("work").as_string()),
                    {root.at("shard").as_uint(), root.at("shards").as_uint()},
                    root.at("units").as_uint(),
                    tail_of(text, "about")};
  if (header.shard.index < 1 || header.shard.index > header.shard.count)
    root.at("shard").fail("a number from 1 to " + std::to_string(header.shard.count) + " expected");
  root.at("about").members();
  return header;
}

ReadPart read_part(const std::string& path, std::string_view lines) {
  ReadPart part;
  for_each_line(lines, [&](std::size_t number, std::string_view line) {
    const JsonDocument json = parse_json(std::string(line), path + ": line " + std::to_string(number));
    if (number == 1) {
      part.header_line = line;
      part.header = header_of(json, line);
      return;
    }
    const JsonValue place = json.root().at("unit");
    const std::size_t unit = place.as_uint();
    const bool whole = !json.root().find("piece");
    const char* const key = whole ? "result" : "piece";
    json.root().at(key);
    if (unit >= part.header.units || !part.header.shard.has(unit))
      place.fail("a unit of " + name_of(part.header.shard) + " of " + std::to_string(part.header.units) +
                 " units expected, " + std::to_string(unit) + " found");
    PartUnit& found = part.units[unit];
    if (found.complete) place.fail("unit " + std::to_string(unit) + " stands here a second time");
    found.pieces.push_back(tail_of(line, key));
    found.complete = whole;
  });
  return part;
}

}  // namespace

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto index = parse_unsigned(std::string_view(text).substr(0, slash));
  const auto count =
      slash == text.npos ? std::nullopt : parse_unsigned(std::string_view(text).substr(slash + 1));
  if (!index || !count || *index < 1 || *index > *count || *count > 1000000)
    throw UsageError("i/n with i from 1 to n expected, such as 2/3");
  return {static_cast<std::size_t>(*index), static_cast<std::size_t>(*count)};
}

PartFile::PartFile(const std::string& path, PartHeader header)
    : file_(path, "another run is writing this part"), header_(std::move(header)) {
  const std::string first_line = text_of(header_);
  // Whatever else the file may be, it is not ours to cut.
  if (file_.lines().empty() && !first_line.starts_with(file_.rest()))
    throw UserError(path + ": a part of " + header_.kind + " expected, another file found");
  ReadPart part = read_part(path, file_.lines());
  const bool is_new = file_.lines().empty();
  if (!is_new && part.header_line != first_line)
    throw UserError(path + ": a part of the same work expected (" + header_.kind + ", " +
                    name_of(header_.shard) + "), found one of " + part.header.kind + ", " +
                    name_of(part.header.shard) +
                    (part.header.work == header_.work ? "" : ", with another model, text or setting"));
  units_ = std::move(part.units);
  file_.cut_rest();
  if (is_new) file_.add(first_line);
}

void PartFile::add(std::size_t unit, const std::string& result) {
  file_.add(line_of(unit, "result", result));
  live_ += result.size();
  replaced_ += std::exchange(last_piece_, 0);
}

void PartFile::add_piece(std::size_t unit, const std::string& piece) {
  file_.add(line_of(unit, "piece", piece));
}

void PartFile::replace_piece(std::size_t unit, const std::string& piece) {
  constexpr std::size_t tolerated = std::size_t{1} << 20;
  add_piece(unit, piece);
  replaced_ += std::exchange(last_piece_, piece.size());
  if (replaced_ <= live_ + last_piece_ + tolerated) return;
  // Units are worked on one after the other: of the pieces only the newest is not followed by what replaces it.
  file_.keep_only([](std::string_view lines) {
    std::set<std::size_t> kept;
    std::size_t newest = 0;
    for_each_line(lines, [&](std::size_t number, std::string_view line) {
      newest = number;
      if (!line.substr(line.find(',') + 1).starts_with("\"piece\":")) kept.insert(number);
    });
    kept.insert(newest);
    return kept;
  });
  replaced_ = 0;
}

MergedParts merge_parts(const std::vector<std::string>& paths, const std::string& kind) {
  MergedParts merged;
  std::map<std::size_t, std::string> shards;  // number and file
  for (const std::string& path : paths) {
    ReadPart part = read_part(path, read_file(path));
    if (part.header_line.empty())
      throw UsageError(path + ": a part of kind \"" + kind + "\" expected, an empty file found");
    const PartHeader& header = part.header;
    if (header.kind != kind)
      throw UsageError(path + ": a part of kind \"" + kind + "\" expected, one of " + header.kind + " found");
    if (shards.empty()) {
      merged.header = header;
      merged.units.resize(header.units);
    } else if (header.work != merged.header.work || header.units != merged.header.units ||
               header.shard.count != merged.header.shard.count) {
      throw UsageError(path + " and " + paths[0] +
                       " are parts of different work: another model, text, setting or number of shards");
    }
    const auto [other, is_new] = shards.emplace(header.shard.index, path);
    if (!is_new) throw UsageError(path + " and " + other->second + " are both " + name_of(header.shard));
    for (std::size_t unit = header.shard.index - 1; unit < header.units; unit += header.shard.count) {
      const auto found = part.units.find(unit);
      if (found == part.units.end() || !found->second.complete)
        throw UsageError(path + ": unfinished, unit " + std::to_string(unit) + " is missing; run " +
                         name_of(header.shard) + " again with --part " + path + " to finish it");
      merged.units[unit] = std::move(found->second);
    }
  }
  for (std::size_t index = 1; index <= merged.header.shard.count; ++index)
    if (!shards.contains(index))
      throw UsageError("--merge: " + name_of({index, merged.header.shard.count}) + " is missing");
  merged.header.shard = {};
  return merged;
}

}  // namespace kelvin
