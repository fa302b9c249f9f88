// A cache of what the words of one text became.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kelvin::tokenizer {

// Words met before in the same text, and where their ids stand in the output. A newcomer takes the place of
// another.
class WordCache {
 public:
  explicit WordCache(std::size_t text_size) {
    std::size_t size = 0;
    if (text_size >= 2048) size = 256;
    while (size && size < text_size / 16 && size < 32768) size *= 2;
    entries_.resize(size);
  }

  // Appends the ids of `word` if it is known.
  bool recall(std::string_view word, std::uint64_t hash, std::vector<int>& ids) const {
    if (entries_.empty()) return false;
    const Entry& entry = entries_[hash & (entries_.size() - 1)];
    if (entry.hash != hash || std::string_view(entry.word, entry.length) != word) return false;
    for (std::size_t i = 0; i < entry.n_ids; ++i) ids.push_back(ids[entry.ids + i]);
    return true;
  }

  void remember(std::string_view word, std::uint64_t hash, std::size_t ids_begin, std::size_t ids_end) {
    if (entries_.empty() || word.empty()) return;
    entries_[hash & (entries_.size() - 1)] = {hash, word.data(), word.size(), ids_begin, ids_end - ids_begin};
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    const char* word = nullptr;
    std::size_t length = 0;
    std::size_t ids = 0, n_ids = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace kelvin::tokenizer
