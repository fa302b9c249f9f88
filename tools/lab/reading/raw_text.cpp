#include "tools/lab/reading/raw_text.h"

#include <vector>

#include "engine/platform/available_processors.h"
#include "loaders/files/load_error.h"
#include "loaders/files/mapped_file.h"
#include "tools/output/raw_logits.h"

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
  const std::size_t width = static_cast<std::size_t>(vocabulary), row_bytes = sizeof(float) * width,
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
  const std::span<const int> came = ids.subspan(shifted ? 1 : 0, rows);
  require_ids("--ids", came, width);
  for (std::size_t t = 0; t < rows; ++t) {
    const std::vector<float> row = float32_of(file->bytes().subspan(t * row_bytes, row_bytes));
    reader.add(row, static_cast<int>(shifted ? t + 1 : t), came[t]);
  }
  reader.finish();
  return text;
}

}  // namespace kelvin
