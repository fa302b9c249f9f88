#include "engine/platform/available_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "engine/platform/control_groups.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

// The number behind the word that begins a line: "MemAvailable:  123 kB", "inactive_file 456".
std::optional<std::uint64_t> number_after(const fs::path& path, std::string_view word) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    std::uint64_t number = 0;
    if (words >> first >> number && first == word) return number;
  }
  return std::nullopt;
}

// Nothing also for "max".
std::optional<std::uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

class Smallest {
 public:
  void offer(std::uint64_t bytes, const char* limited_by) {
    if (bytes < found_.bytes) found_ = {bytes, limited_by};
  }
  void offer_rest(std::uint64_t limit, std::uint64_t used, const char* limited_by) {
    offer(limit > used ? limit - used : 0, limited_by);
  }
  AvailableMemory found() const { return found_; }

 private:
  AvailableMemory found_;
};

// What a group keeps of files it would give back.
void offer_group(const engine::ControlGroup& group, Smallest& smallest) {
  const auto path = [&](const char* unified, const char* version_1) {
    return group.folder / (group.unified ? unified : version_1);
  };
  const auto limit = number_in(path("memory.max", "memory.limit_in_bytes"));
  const auto used = number_in(path("memory.current", "memory.usage_in_bytes"));
  if (!limit || !used) return;
  const std::uint64_t files =
      number_after(group.folder / "memory.stat", group.unified ? "inactive_file" : "total_inactive_file")
          .value_or(0);
  smallest.offer_rest(*limit, *used > files ? *used - files : 0, "the control group of this process");
}

void offer_limit(int resource, std::uint64_t used, const char* limited_by, Smallest& smallest) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return;
  smallest.offer_rest(limit.rlim_cur, used, limited_by);
}

}  // namespace

AvailableMemory available_memory(const fs::path& root) {
  Smallest smallest;
  if (const auto kib = number_after(root / "proc/meminfo", "MemAvailable:"))
    smallest.offer(*kib * 1024, "this machine");
  for (const engine::ControlGroup& group : engine::control_groups("memory", root))
    offer_group(group, smallest);
  const auto used = [&](const char* word) {
    return number_after(root / "proc/self/status", word).value_or(0) * 1024;
  };
  offer_limit(RLIMIT_AS, used("VmSize:"), "the limit on address space (ulimit -v)", smallest);
  offer_limit(RLIMIT_DATA, used("VmData:"), "the limit on data (ulimit -d)", smallest);
  return smallest.found();
}

void require_memory(std::uint64_t bytes, const std::string& what, const MemoryChoices& instead) {
  const AvailableMemory available = available_memory();
  if (bytes <= available.bytes) return;
  const std::string fitting = instead ? what_fits(instead(available.bytes), available.bytes) : "";
  throw OutOfMemory("out of memory: " + what + " need " + gigabytes(bytes) + ", " +
                    gigabytes(available.bytes) + " left by " + available.limited_by +
                    (fitting.empty() ? "" : "; ") + fitting);
}

std::string what_fits(const std::vector<MemoryChoice>& choices, std::uint64_t available) {
  if (choices.empty()) return "";
  std::vector<std::string> fitting;
  for (const MemoryChoice& choice : choices)
    if (choice.bytes <= available) fitting.push_back(choice.name + " (" + gigabytes(choice.bytes) + ")");
  if (fitting.empty()) {
    const auto least = std::min_element(
        choices.begin(), choices.end(),
        [](const MemoryChoice& one, const MemoryChoice& other) { return one.bytes < other.bytes; });
    return "nothing would fit: even " + least->name + " needs " + gigabytes(least->bytes);
  }
  std::string text = fitting.front();
  for (std::size_t i = 1; i < fitting.size(); ++i)
    text += (i + 1 < fitting.size() ? ", " : " or ") + fitting[i];
  return text + " would fit";
}

std::string gigabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

}  // namespace kelvin
