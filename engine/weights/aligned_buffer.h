// Memory for weights and activations: 64-byte aligned, zeroed, never copied by accident.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace kelvin {

// Zeroed bytes, 64-byte aligned (2 MiB aligned and on huge pages, where the system has them, from 2 MiB on).
// Pages are taken from the system when first written, so a generous capacity costs nothing. Throws
// std::bad_alloc.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept { swap(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    swap(other);
    return *this;
  }

  AlignedBuffer copy() const;  // throws std::bad_alloc

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }  // bytes
  float* floats() { return reinterpret_cast<float*>(data_); }
  const float* floats() const { return reinterpret_cast<const float*>(data_); }

 private:
  void swap(AlignedBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
  }
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;    // bytes asked for
  std::size_t mapped_ = 0;  // bytes to give back to munmap
};

}  // namespace kelvin
