// The file that kelvin-generate --draws writes: a draw a line, each as soon as it is done, and in order in the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "tools/batch/draw_line.h"
#include "tools/output/json_lines_file.h"

namespace kelvin {

class DrawFile {
 public:
  // Opens or makes the file and reads which draws it holds. Throws UserError where it cannot be written, is being
  // written by another process, or holds lines that are no draws of one run.
  explicit DrawFile(const std::filesystem::path& path);

  // The seed of the draws that are there.
  const std::optional<std::uint64_t>& seed() const { return seed_; }
  bool holds(std::size_t draw) const { return draws_.contains(draw); }
  // Throws UserError unless the draws that are there are of this run (draw_line.h).
  void require_run(const std::string& run) const;
  // As JsonLinesFile::add.
  void add(std::size_t draw, const Continuation& result, const std::string& line);
  // Of all draws that are there.
  const DrawStatistics& statistics() const { return statistics_; }
  // Puts the lines in order and says in the last where they come from. The file is replaced as a whole, and has the
  // bytes of a run that was never interrupted; what is no regular file stays as it is.
  void finish(const Provenance& made);

 private:
  std::filesystem::path path_;
  JsonLinesFile file_;
  std::set<std::size_t> draws_;
  std::optional<std::uint64_t> seed_;
  std::string run_;
  DrawStatistics statistics_;
};

}  // namespace kelvin
