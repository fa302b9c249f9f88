#include "engine/weights/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "engine/platform/available_memory.h"

namespace kelvin {
namespace {

constexpr std::size_t page = 4096, huge_page = std::size_t{2} << 20;

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t bytes) {
  if (bytes == 0) return;
  const bool huge = bytes >= huge_page;
  const std::size_t unit = huge ? huge_page : page;
  // Room to move the start up to a huge page boundary; the rest is never touched and so costs nothing.
  const std::size_t spare = huge ? huge_page : 0;
  if (bytes > SIZE_MAX - unit - spare) throw std::bad_alloc();
  const std::size_t rounded = (bytes + unit - 1) / unit * unit;
  void* memory = mmap(nullptr, rounded + spare, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw OutOfMemory("out of memory: " + gigabytes(bytes) + " asked for in one piece");

  std::byte* start = static_cast<std::byte*>(memory);
  const std::size_t skip = (unit - reinterpret_cast<std::uintptr_t>(start) % unit) % unit;
  const std::size_t behind = spare - skip;
  if (skip > 0) munmap(start, skip);
  if (behind > 0) munmap(start + skip + rounded, behind);
  data_ = start + skip;
  size_ = bytes;
  mapped_ = rounded;
  // Only advice: a kernel without huge pages serves small ones.
  if (huge) madvise(data_, rounded, MADV_HUGEPAGE);
}

AlignedBuffer AlignedBuffer::copy() const {
  AlignedBuffer same(size_);
  if (size_ > 0) std::memcpy(same.data_, data_, size_);
  return same;
}

AlignedBuffer::~AlignedBuffer() {
  if (data_) munmap(data_, mapped_);
}

}  // namespace kelvin
