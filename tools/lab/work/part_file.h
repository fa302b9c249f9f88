// What a long piece of work has done so far, unit by unit, as JSON lines: an interrupted run goes on from it,
// and the parts of several machines (--shard) are joined to what one run gives.
//
//   {"part":"text","work":"9f86...","shard":1,"shards":3,"units":7,"about":{...}}
//   {"unit":0,"result":{...}}
//   {"unit":3,"piece":{...}}
//   {"unit":3,"result":{...}}
//
// A unit that takes long is saved in pieces; its result then is what comes after them. Where pieces replace each other
// (each is all there is so far), so does the result, and pieces that were replaced leave the file.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tools/output/json_lines_file.h"

namespace kelvin {

// Of `count` shards that divide the units among them, number `index` from 1.
struct Shard {
  std::size_t index = 1, count = 1;
  bool has(std::size_t unit) const { return unit % count == index - 1; }
};
// "2/3". Throws UsageError with what was expected.
Shard parse_shard(const std::string& text);

struct PartHeader {
  std::string kind;  // of work: only parts of one kind can be joined
  std::string work;  // a hash of everything that results depend on: model, text, settings
  Shard shard;
  std::size_t units = 0;
  std::string about = "{}";  // a JSON object that the merging run needs
};

// What a part holds of a unit.
struct PartUnit {
  std::vector<std::string> pieces;  // JSON, in order; the result is the last one
  bool complete = false;
};

// A part that is being written; one process at a time.
class PartFile {
 public:
  // An existing file of the same work is gone on with, its incomplete last line dropped; "-" is stdout.
  // Throws UserError if it is something else, of other work, or in use.
  PartFile(const std::string& path, PartHeader header);

  // The units that were there, whole or begun.
  const std::map<std::size_t, PartUnit>& units() const { return units_; }
  // These write at once, so that nothing is lost if the process is killed; they throw as JsonLinesFile::add.
  void add(std::size_t unit, const std::string& result);
  void add_piece(std::size_t unit, const std::string& piece);
  // The same for a piece that stands for all of the unit so far: those before it leave the file, when they have become
  // more than half of it.
  void replace_piece(std::size_t unit, const std::string& piece);

 private:
  JsonLinesFile file_;
  PartHeader header_;
  std::map<std::size_t, PartUnit> units_;
  std::size_t last_piece_ = 0, replaced_ = 0, live_ = 0;  // bytes
};

struct MergedParts {
  PartHeader header;            // `shard` is the default one
  std::vector<PartUnit> units;  // (units,), all complete
};
// The complete parts of all shards of one work. Throws UsageError that names the shard that is missing, twice
// there or unfinished, and the files.
MergedParts merge_parts(const std::vector<std::string>& paths, const std::string& kind);

}  // namespace kelvin
