#include "tools/lab/reading/raw_text.h"

#include <bit>
#include <cstdint>
#include <vector>

#include "engine/platform/available_processors.h"
#include "loaders/files/load_error.h"
#include "loaders/files/mapped_file.h"

namespace kelvin {

void RawTextFlags::add_to(Flags& flags) {
  flags.group("raw logits instead of a model");
  flags.option("logits", "FILE", "float32 little-endian, (tokens, vocabulary): row t led to id t of --ids",
               to(file));
  flags.option("vocab", "N", "numbers in a row", to(vocabulary, 1, 1 << 24));
  flags.toggle(
      "shifted",
      "row t led to id t + 1, as in the files of kelvin-logits --raw (so understood where there is one row "
      "less than ids)",
      shifted);
}

LabText RawTextFlags::read(std::span<const int> ids) const {
  if (vocabulary == 0) throw UsageError("--logits needs --vocab N, the numbers in a row");
  if (ids.empty()) throw UsageError("--logits needs --ids LIST, the tokens that came");
  return read_raw_logits(*file, vocabulary, ids, shifted);
}

LabText read_raw_logits(const std::filesystem::path& path, int vocabulary, std::span<const int> ids,
                        bool shifted, int threads) {
  const auto file = MappedFile::open(path);
  const std::size_t row_bytes = sizeof(float) * static_cast<std::size_t>(vocabulary),
                    bytes = file->bytes().size(), found = bytes / row_bytes;
  if (bytes % row_bytes != 0 || (found != ids.size() && found + 1 != ids.size()))
    throw LoadError(path.string(), std::to_string(ids.size()) + " rows of " + std::to_string(vocabulary) +
                                       " float32 expected, one for each id (or one less), " +
                                       std::to_string(bytes) + " bytes found");
  shifted = shifted || found < ids.size();
  const std::size_t rows = shifted ? ids.size() - 1 : ids.size();
  LabText text;
  text.name = path.string();
  RowReader reader(text, vocabulary, threads > 0 ? threads : available_processors());
  std::vector<float> row(static_cast<std::size_t>(vocabulary));
  for (std::size_t t = 0; t < rows; ++t) {
    const int id = ids[shifted ? t + 1 : t];
    if (id < 0 || id >= vocabulary)
      throw UsageError("--ids: ids from 0 to " + std::to_string(vocabulary - 1) + " expected, " +
                       std::to_string(id) + " found");
    for (int i = 0; i < vocabulary; ++i) {
      std::uint32_t bits = 0;
      for (std::size_t b = 0; b < 4; ++b)
        bits |=
            std::to_integer<std::uint32_t>(file->bytes()[t * row_bytes + 4 * static_cast<std::size_t>(i) + b])
            << (8 * b);
      row[static_cast<std::size_t>(i)] = std::bit_cast<float>(bits);
    }
    reader.add(row, static_cast<int>(shifted ? t + 1 : t), id);
  }
  reader.finish();
  return text;
}

}  // namespace kelvin
