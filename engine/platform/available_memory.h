// How much memory this process may still take, asked before large allocations: a message with the sizes is
// better than swapping, or than an end without words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <new>
#include <string>

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

// Throws OutOfMemory where `bytes` more are not to be had. `what`: "weights as f32".
void require_memory(std::uint64_t bytes, const std::string& what);

std::string gigabytes(std::uint64_t bytes);  // "1.25 GB", 10^9 bytes

}  // namespace kelvin
