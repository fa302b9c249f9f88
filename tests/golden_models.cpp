#include "tests/golden_models.h"

#include <algorithm>
#include <set>

namespace kelvin::test {

namespace fs = std::filesystem;

namespace {

const std::string new_spelling = "-newcfg";  // another config.json for the weights and results of a model

// What a file stands for: itself, or the target whose path is all it holds.
fs::path target_of(const fs::path& file) {
  if (fs::file_size(file) > 200) return file;
  const std::string text = read_text(file);
  return text.starts_with("../") ? file.parent_path() / text.substr(0, text.find('\n')) : file;
}

}  // namespace

std::vector<std::string> golden_model_names() {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(data_dir() / "goldens" / "models"))
    names.insert(entry.path().filename());
  if (shared_has("goldens/models"))
    for (const fs::directory_entry& entry : fs::directory_iterator(shared_dir() / "goldens" / "models"))
      names.insert(entry.path().filename());
  return {names.begin(), names.end()};
}

GoldenModel::GoldenModel(const std::string& name) {
  fs::path goldens = shared_dir() / "goldens";
  if (!fs::exists(goldens / "models" / name)) goldens = data_dir() / "goldens";
  folder_ = goldens / "models" / name;
  const bool renamed = name.ends_with(new_spelling);
  results_ = goldens / "golden" / (renamed ? name.substr(0, name.size() - new_spelling.size()) : name);
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) files.push_back(entry.path());
  if (std::all_of(files.begin(), files.end(), [](const fs::path& file) { return target_of(file) == file; }))
    return;
  gathered_.emplace();
  for (const fs::path& file : files)
    fs::create_symlink(fs::canonical(target_of(file)), gathered_->path() / file.filename());
  folder_ = gathered_->path();
}

}  // namespace kelvin::test
