#include "tools/batch/draw_file.h"

#include <map>
#include <string_view>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "tokenizer/base/user_error.h"

namespace kelvin {
namespace {

// Within a string its quotes would be escaped.
constexpr std::string_view provenance_member = ",\"provenance\":{";

std::string without_provenance(std::string_view line) {
  const std::size_t end = line.rfind(provenance_member);
  return std::string(line.substr(0, end)) + (end == line.npos ? "" : "}");
}

}  // namespace

DrawFile::DrawFile(const std::filesystem::path& path) : path_(path), file_(path) {
  for_each_line(file_.lines(), [&](std::size_t place, std::string_view line) {
    const std::string name = path_text(path) + ", line " + std::to_string(place);
    try {
      const JsonDocument document = parse_json(std::string(line), name);
      const JsonValue draw = document.root().at("draw");
      if (!draws_.insert(draw.as_uint()).second) draw.fail("it is there twice");
      const std::string run(document.root().at("run").as_string());
      if (!run_.empty() && run != run_) document.root().at("run").fail("draws of another run above it");
      run_ = run;
      seed_ = document.root().at("seed").as_uint();
      statistics_.add(document.root());
    } catch (const LoadError& error) {
      throw UserError(std::string(error.what()) + "; --out takes a new file or one that --draws began");
    }
  });
  if (draws_.empty() && !file_.rest().empty() && !file_.rest().starts_with("{\"draw\":"))
    throw UserError(path_text(path) + ": a text that --draws did not write; --out takes a new file");
  file_.cut_rest();
}

void DrawFile::require_run(const std::string& run) const {
  if (!run_.empty() && run != run_)
    throw UserError(
        path_text(path_) +
        ": holds draws of another model, prompt, chain, seed, --n, --stop or --ctx; --out takes a "
        "new file, or the command that began this one");
}

void DrawFile::add(std::size_t draw, const Continuation& result, const std::string& line) {
  file_.add(line);
  draws_.insert(draw);
  statistics_.add(result);
}

void DrawFile::finish(const Provenance& made) {
  file_.rewrite([&](std::string_view lines, const JsonLinesFile::AddLine& add) {
    std::map<std::size_t, std::string_view> ordered;
    for_each_line(lines, [&](std::size_t, std::string_view line) {
      ordered[parse_json(std::string(line)).root().at("draw").as_uint()] = line;
    });
    for (const auto& [draw, line] : ordered) {
      const std::string whole = without_provenance(line);
      add(draw == ordered.rbegin()->first ? with_provenance(whole, made) : whole);
    }
  });
}

}  // namespace kelvin
