#include "loaders/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/platform/available_memory.h"
#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // Without O_NONBLOCK opening a fifo would wait for a writer for ever.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  const std::string name = path_text(path);
  if (file.number < 0) throw LoadError(name, "a readable file expected: " + reason());
  struct stat status;
  if (::fstat(file.number, &status) != 0) throw LoadError(name, "a readable file expected: " + reason());
  if (!S_ISREG(status.st_mode))
    throw LoadError(name, std::string("a regular file expected, ") +
                              (S_ISDIR(status.st_mode) ? "a folder" : "a device, pipe or socket") + " found");
  std::shared_ptr<MappedFile> mapped(new MappedFile(path));
  mapped->size_ = static_cast<std::size_t>(status.st_size);
  if (mapped->size_ == 0) return mapped;
  void* const data = ::mmap(nullptr, mapped->size_, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (data == MAP_FAILED) {
    const std::string why = reason(), size = gigabytes(std::exchange(mapped->size_, 0));
    throw LoadError(name, size + " cannot be mapped into memory: " + why);
  }
  mapped->data_ = static_cast<const std::byte*>(data);
  return mapped;
}

void MappedFile::release(std::span<const std::byte> part) const {
  if (part.data() < data_ || part.data() + part.size() > data_ + size_) return;
  // Whole pages inside the part only: its neighbours may be in use.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<std::size_t>(part.data() - data_);
  const std::size_t first = (begin + page - 1) / page * page, last = (begin + part.size()) / page * page;
  if (first < last) ::madvise(const_cast<std::byte*>(data_ + first), last - first, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace kelvin
