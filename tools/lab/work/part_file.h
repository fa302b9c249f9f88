// What a long piece of work has done so far, unit by unit, as JSON lines: an interrupted run goes on from it,
// and the parts of several machines (--shard) are joined to what one run gives.
//
//   {"part":"text","work":"9f86...","shard":1,"shards":3,"units":7,"about":{...}}
//   {"unit":0,"result":{...}}
//   {"unit":3,"result":{...}}
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

// A part that is being written; one process at a time.
class PartFile {
 public:
  // An existing file of the same work is gone on with, its incomplete last line dropped; "-" is stdout.
  // Throws UserError if it is something else, of other work, or in use.
  PartFile(const std::string& path, PartHeader header);

  // JSON of the units that are done.
  const std::map<std::size_t, std::string>& results() const { return results_; }
  // Writes at once, so that nothing is lost if the process is killed; throws as JsonLinesFile::add.
  void add(std::size_t unit, const std::string& result);

 private:
  JsonLinesFile file_;
  PartHeader header_;
  std::map<std::size_t, std::string> results_;
};

struct MergedParts {
  PartHeader header;                 // `shard` is the default one
  std::vector<std::string> results;  // (units,) JSON
};
// The complete parts of all shards of one work. Throws UsageError that names the shard that is missing, twice
// there or unfinished, and the files.
MergedParts merge_parts(const std::vector<std::string>& paths, const std::string& kind);

}  // namespace kelvin
