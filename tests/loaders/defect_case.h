// The broken model folders of the goldens: what each must do, and building them as their FORMATS.md says.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "loaders/json/json_file.h"
#include "tests/support.h"

namespace kelvin::test {

struct DefectCase {
  struct Step {
    std::string op, path, target;  // target: of a link or a move
    int mode = 0;
    std::uintmax_t bytes = 0;
  };
  std::string variant;                                      // e.g. "st-overlap"
  std::string must;                                         // load, refuse, run, template or either
  std::vector<std::vector<std::string>> message_must_name;  // one string of each list
  std::vector<std::string> changed_files, removed_files;
  std::vector<Step> setup;
  std::filesystem::path golden;  // last logits for defect_ids(), float32; empty if none
};

// The given goldens where they are, else the copy in tests/data.
inline std::filesystem::path defects_dir() {
  const auto given = shared_dir() / "goldens" / "defects";
  return std::filesystem::exists(given) ? given : data_dir() / "defects";
}

inline std::vector<int> defect_ids() {
  const JsonDocument document = load_json(defects_dir() / "defects.json");
  std::vector<int> ids;
  for (const JsonValue id : document.root().at("ids").items()) ids.push_back(static_cast<int>(id.as_int()));
  return ids;
}

// The cases whose names begin with one of `groups`, e.g. {"st-", "ix-"}.
inline std::vector<DefectCase> defect_cases(const std::vector<std::string>& groups) {
  const auto strings_of = [](JsonValue array) {
    std::vector<std::string> strings;
    for (const JsonValue item : array.items()) strings.emplace_back(item.as_string());
    return strings;
  };
  std::vector<DefectCase> cases;
  const JsonDocument document = load_json(defects_dir() / "defects.json");
  for (const JsonValue entry : document.root().at("cases").items()) {
    DefectCase one;
    one.variant = entry.at("variant").as_string();
    bool wanted = false;
    for (const std::string& group : groups) wanted |= one.variant.starts_with(group);
    if (!wanted) continue;
    one.must = entry.at("must").as_string();
    for (const JsonValue name : entry.at("message_must_name").items())
      one.message_must_name.push_back(
          name.is_string() ? std::vector<std::string>{std::string(name.as_string())} : strings_of(name));
    one.changed_files = strings_of(entry.at("changed_files"));
    one.removed_files = strings_of(entry.at("removed_files"));
    for (const JsonValue step : entry.at("setup").items()) {
      DefectCase::Step& to = one.setup.emplace_back();
      for (const auto& [key, value] : step.members()) {
        if (key == "op") to.op = value.as_string();
        if (key == "path") to.path = value.as_string();
        if (key == "target" || key == "to") to.target = value.as_string();
        if (key == "mode") to.mode = std::stoi(std::string(value.as_string()), nullptr, 8);
        if (key == "bytes") to.bytes = value.as_uint();
      }
    }
    if (const auto golden = entry.find("golden"); golden && !golden->is_null())
      one.golden =
          defects_dir() / (golden->is_string() ? "_valid.logits.bin" : golden->at("file").as_string());
    cases.push_back(std::move(one));
  }
  return cases;
}

// A case as a folder on disk, while this lives.
class DefectFolder {
 public:
  explicit DefectFolder(const DefectCase& one) : folder_(temporary_.path() / "model"), path_(folder_) {
    namespace fs = std::filesystem;
    fs::create_directory(folder_);
    const auto copy = [](const fs::path& from, const fs::path& to) {
      // Contents only: the originals are read-only and steps below change these.
      fs::create_directories(to.parent_path());
      std::ofstream(to, std::ios::binary) << read_text(from);
    };
    for (const auto& file : fs::directory_iterator(defects_dir() / "_valid"))
      copy(file.path(), folder_ / file.path().filename());
    for (const std::string& name : one.removed_files) fs::remove(folder_ / name);
    for (const std::string& name : one.changed_files)
      copy(defects_dir() / one.variant / name, folder_ / name);
    for (const DefectCase::Step& step : one.setup) perform(step);
  }

  const std::filesystem::path& path() const { return path_; }  // what a loader is given

 private:
  void perform(const DefectCase::Step& step) {
    namespace fs = std::filesystem;
    const fs::path path = folder_ / step.path;
    if (step.op == "chmod") {
      fs::permissions(path, static_cast<fs::perms>(step.mode));
    } else if (step.op == "symlink") {
      fs::create_symlink(step.target, path);
    } else if (step.op == "move") {
      fs::rename(path, folder_ / step.target);
    } else if (step.op == "fifo") {
      if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo " + path.string());
    } else if (step.op == "sparse") {
      std::ofstream(path, std::ios::binary).close();
      fs::resize_file(path, step.bytes);
    } else if (step.op == "remove-all-files") {
      for (const auto& file : fs::directory_iterator(folder_)) fs::remove_all(file.path());
    } else if (step.op == "remove-folder") {
      fs::remove_all(folder_);
    } else if (step.op == "pass-path") {
      path_ = path;
    } else {
      throw std::runtime_error("unknown setup step " + step.op);
    }
  }

  TemporaryFolder temporary_;
  std::filesystem::path folder_, path_;
};

// Calls `load` with the folder of the case and checks what came of it: a refusal is a std::exception whose
// text names what the case demands. Returns true if it loaded.
template <class Load>
bool check_defect(const DefectCase& one, Load load) {
  CAPTURE(one.variant);
  const bool by_permission = one.variant.starts_with("fs-unreadable");
  if (by_permission && ::geteuid() == 0) return false;  // root reads everything
  const DefectFolder folder(one);
  try {
    load(folder.path());
  } catch (const std::exception& error) {
    const std::string text = error.what();
    CHECK_MESSAGE((one.must == "refuse" || one.must == "either"), one.variant << " must load: " << text);
    for (const auto& choices : one.message_must_name) {
      bool named = false;
      for (const std::string& choice : choices) named |= text.find(choice) != std::string::npos;
      CHECK_MESSAGE(named, one.variant << " must name " << choices.front() << ": " << text);
    }
    CHECK(text.find('\n') == std::string::npos);
    return false;
  }
  CHECK_MESSAGE(one.must != "refuse", one.variant << " must be refused");
  return true;
}

}  // namespace kelvin::test
