#include "tools/lab/reading/raw_text.h"

#include <vector>

#include "engine/platform/available_processors.h"
#include "loaders/files/load_error.h"
#include "loaders/files/mapped_file.h"
#include "tools/output/raw_logits.h"

namespace kelvin {

namespace {

constexpr std::size_t largest_vocabulary = std::size_t{1} << 24;

// Of `numbers` without a word about their shape: a row for each of `ids` ids, or one less.
LogitsLayout fitting(std::size_t numbers, std::size_t ids, const std::string& path) {
  const bool each = ids > 0 && numbers % ids == 0, less = ids > 1 && numbers % (ids - 1) == 0;
  if (each == less)
    throw UsageError(path + ": " + std::to_string(numbers) + " float32 are " + (each ? "rows" : "no rows") +
                     " for " + std::to_string(ids) + " ids" + (each ? " and for one less" : "") +
                     ": --vocab N says how many a row has");
  const std::size_t rows = each ? ids : ids - 1;
  return {0, rows, numbers / rows};
}

}  // namespace

void RawTextFlags::add_to(Flags& flags) {
  flags.group("raw logits instead of a model");
  flags.option("logits", "FILE",
               "a .npy file or float32, little-endian, (tokens, vocabulary): row t led to id t of --ids",
               to(file));
  flags.option("vocab", "N", "numbers in a row", to(vocabulary, 1, static_cast<int>(largest_vocabulary)));
  flags.toggle(
      "shifted",
      "row t led to id t + 1, as in the files of kelvin-logits --raw (so understood where there is one row "
      "less than ids)",
      shifted);
}

LabText RawTextFlags::read(std::span<const int> ids) const {
  if (ids.empty()) throw UsageError("--logits needs --ids LIST, the tokens that came");
  return read_raw_logits(*file, vocabulary, ids, shifted);
}

LabText read_raw_logits(const std::filesystem::path& path, int vocabulary, std::span<const int> ids,
                        bool shifted, int threads) {
  const auto file = MappedFile::open(path);
  LogitsLayout layout = logits_layout(file->bytes(), path.string(), static_cast<std::size_t>(vocabulary));
  if (layout.vocabulary == 0) layout = fitting(layout.rows, ids.size(), path.string());
  const std::size_t width = layout.vocabulary, row_bytes = sizeof(float) * width, found = layout.rows;
  if (found != ids.size() && found + 1 != ids.size())
    throw LoadError(path.string(), std::to_string(ids.size()) + " rows of " + std::to_string(width) +
                                       " float32 expected, one for each id (or one less), " +
                                       std::to_string(found) + " found");
  if (width > largest_vocabulary)
    throw LoadError(path.string(), "rows of at most " + std::to_string(largest_vocabulary) +
                                       " float32 expected, " + std::to_string(width) + " found");
  shifted = shifted || found < ids.size();
  const std::size_t rows = shifted ? ids.size() - 1 : ids.size();
  LabText text;
  text.name = path.string();
  RowReader reader(text, static_cast<int>(width), threads > 0 ? threads : available_processors());
  const std::span<const int> came = ids.subspan(shifted ? 1 : 0, rows);
  require_ids("--ids", came, width);
  for (std::size_t t = 0; t < rows; ++t) {
    const std::vector<float> row =
        float32_of(file->bytes().subspan(layout.offset + t * row_bytes, row_bytes));
    reader.add(row, static_cast<int>(shifted ? t + 1 : t), came[t]);
  }
  reader.finish();
  return text;
}

}  // namespace kelvin
