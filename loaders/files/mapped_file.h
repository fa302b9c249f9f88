// A file mapped read-only into memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace kelvin {

class MappedFile {
 public:
  // Throws LoadError if `path` is absent, unreadable, or anything but a regular file (or a link to one). An
  // empty file gives an empty span.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }
  // Lets the system take back the memory of this part of bytes(); reading it again brings it back from the
  // file. Does nothing for memory that is no part of bytes().
  void release(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(const std::filesystem::path& path) : path_(path) {}

  std::filesystem::path path_;
  const std::byte* data_ = nullptr;  // page-aligned
  std::size_t size_ = 0;
};

}  // namespace kelvin
