#include "tools/output/model_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/platform/in_parallel.h"
#include "loaders/files/mapped_file.h"
#include "tokenizer/base/formatted.h"
#include "tools/output/sha256.h"

namespace kelvin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_size = 1 << 20;  // bytes
constexpr std::size_t block_words = block_size / 8;

std::vector<fs::path> files_of(const fs::path& model) {
  if (!fs::is_directory(model)) return {model};
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(model)) {
    const std::string name = entry.path().filename().string();
    for (const char* end : {".safetensors", ".gguf", ".json", ".jinja", ".model", ".tiktoken"})
      if (name.ends_with(end) && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return a.filename().string() < b.filename().string();
  });
  return files;
}

struct Sums {
  std::uint64_t sum = 0, weighted = 0;
};

// Words counted from 1.
Sums sums_of(std::span<const std::byte> bytes) {
  Sums sums;
  const auto add = [&](std::uint64_t word, std::uint64_t number) {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    sums.sum += word;
    sums.weighted += number * word;
  };
  const std::size_t whole = bytes.size() / 8;
  std::uint64_t word;
  for (std::size_t i = 0; i < whole; ++i) {
    std::memcpy(&word, bytes.data() + 8 * i, 8);
    add(word, i + 1);
  }
  if (const std::size_t rest = bytes.size() % 8) {
    word = 0;
    std::memcpy(&word, bytes.data() + 8 * whole, rest);
    add(word, whole + 1);
  }
  return sums;
}

std::string line_of(std::span<const std::byte> bytes, std::size_t every, int threads) {
  const std::size_t blocks = (bytes.size() + block_size - 1) / block_size;
  std::vector<Sums> parts((blocks + every - 1) / every);
  in_parallel(parts.size(), threads, [&](std::size_t i) {
    const auto from_here = bytes.subspan(i * every * block_size);
    parts[i] = sums_of(from_here.first(std::min(block_size, from_here.size())));
  });
  Sums all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    all.sum += parts[i].sum;
    all.weighted += parts[i].weighted + i * block_words * parts[i].sum;
  }
  return formatted("%zu %016llx %016llx\n", bytes.size(), static_cast<unsigned long long>(all.sum),
                   static_cast<unsigned long long>(all.weighted));
}

}  // namespace

std::string model_hash(const fs::path& model, int threads, const std::optional<fs::path>& adapter) {
  std::vector<std::shared_ptr<const MappedFile>> files;
  std::uint64_t total = 0;
  std::vector<fs::path> paths = files_of(model);
  if (adapter) std::ranges::copy(files_of(*adapter), std::back_inserter(paths));
  for (const fs::path& path : paths) {
    files.push_back(MappedFile::open(path));
    total += files.back()->bytes().size();
  }
  const auto every = static_cast<std::size_t>(1 + (total >> 32));
  Sha256 hash;
  for (const auto& file : files) {
    const std::string line = line_of(file->bytes(), every, threads);
    hash.update(std::as_bytes(std::span(line)));
  }
  return hash.hex();
}

}  // namespace kelvin
