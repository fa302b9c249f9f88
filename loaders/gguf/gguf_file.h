// The GGUF format, versions 2 and 3 (little-endian): a header of typed metadata and tensor entries, then the
// tensors' bytes. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loaders/gguf/gguf_value.h"
#include "loaders/tensors/stored_tensor.h"

namespace kelvin {

// A parsed header: views into the bytes it was read from, which must outlive it.
class GgufFile {
 public:
  // Checks the whole header against the file's length: counts, lengths, types, alignment, shapes, offsets,
  // overlaps, and names that stand twice. `name` is the path for errors. Throws LoadError. What is allocated
  // is bounded by the length of the header.
  GgufFile(std::span<const std::byte> file, std::string name);
  GgufFile(const GgufFile&) = delete;  // its values point at its name
  GgufFile& operator=(const GgufFile&) = delete;

  const std::string& name() const { return name_; }
  std::optional<GgufValue> find(std::string_view key) const;             // logarithmic in the number of keys
  GgufValue at(std::string_view key) const;                              // throws LoadError if absent
  std::vector<GgufValue> with_prefix(std::string_view prefix) const;     // by key, ascending
  const std::vector<StoredTensor>& tensors() const { return tensors_; }  // in the order of the file
  std::string without_tensors() const;  // the bytes of a file with this metadata alone

 private:
  class Reader;
  void sort_values();
  StoredTensor read_entry(Reader& reader, std::uint64_t& offset) const;
  void place_tensors(std::span<const std::byte> data, std::uint64_t alignment,
                     const std::vector<std::uint64_t>& offsets);

  std::string name_;
  std::vector<GgufValue> values_;        // by key, ascending
  std::span<const std::byte> metadata_;  // from the file's beginning to the tensors' entries
  std::vector<StoredTensor> tensors_;
};

}  // namespace kelvin
