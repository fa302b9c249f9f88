// How much memory this process may still take, asked before large allocations: a message with the sizes is
// better than swapping, or than an end without words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <new>
#include <string>
#include <vector>

namespace kelvin {

// Its text holds what was to be allocated, its size, and what is there.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

struct AvailableMemory {
  std::uint64_t bytes = UINT64_MAX;         // UINT64_MAX: nothing known
  const char* limited_by = "this machine";  // what has the least left
};

// The least of what the machine has available, what the control groups of this process leave (both versions,
// all levels) and what its resource limits do. `root` stands before /proc and /sys, for tests.
AvailableMemory available_memory(const std::filesystem::path& root = "/");

// What a user may ask for instead: "--weights q8".
struct MemoryChoice {
  std::string name;
  std::uint64_t bytes;  // that it needs beyond what is held now
};
using MemoryChoices = std::function<std::vector<MemoryChoice>(std::uint64_t available)>;

// Throws OutOfMemory where `bytes` more are not to be had. `what`: "weights as f32". The text ends with those of
// `instead` that would fit, or says that none would.
void require_memory(std::uint64_t bytes, const std::string& what, const MemoryChoices& instead = nullptr);

// "--weights q8 (0.16 GB) or --weights q4 (0.09 GB) would fit", or "nothing would fit: even --weights q4 needs
// 0.09 GB". Empty where there is no choice.
std::string what_fits(const std::vector<MemoryChoice>& choices, std::uint64_t available);

std::string gigabytes(std::uint64_t bytes);  // "1.25 GB", 10^9 bytes

}  // namespace kelvin
