#include "loaders/tensors/packed_tensors.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/kernels/packed_formats.h"
#include "engine/kernels/sub_blocks.h"
#include "engine/weights/packed.h"
#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

using kernels::block_width, kernels::min_group, kernels::k_padding, kernels::packed_version,
    kernels::panel_rows, kernels::sub_width;

constexpr std::string_view version_key = "kelvin.packed", sub_blocks_key = "kelvin.sub_blocks";

struct Description {
  PackedParts parts;
  std::uint64_t rows = 0;
  int cols = 0;
};

// A number from 1 to 2^31 - 1 at the beginning of `text`, which it takes away.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 1) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::string header_key(const kernels::PackedFormat& format) {
  return "kelvin." + std::string(format.name) + "_header";
}

// Whether files packed before may lack it: that of a format which version 1 did not have.
bool is_later_key(std::string_view key) {
  if (key == sub_blocks_key) return true;
  constexpr std::size_t formats_of_version_1 = 2;
  const std::span later = std::span(kernels::packed_formats).subspan(formats_of_version_1);
  return std::ranges::any_of(later, [&](const auto* format) { return key == header_key(*format); });
}

// "q4 2048+512 x 2048"
std::optional<Description> described(std::string_view text) {
  Description found;
  const auto storage = storage_named(text.substr(0, text.find(' ')));
  if (!storage || !is_packed(*storage)) return std::nullopt;
  found.parts.storage = *storage;
  text.remove_prefix(std::min(text.find(' '), text.size()));
  for (std::string_view before = " "; take(text, before); before = "+") {
    const auto rows = take_number(text);
    if (!rows) return std::nullopt;
    found.parts.rows.push_back(*rows);
    found.rows += static_cast<std::uint64_t>(*rows);
  }
  if (!take(text, " x ")) return std::nullopt;
  const auto cols = take_number(text);
  if (!cols || !text.empty() || found.rows > std::numeric_limits<int>::max()) return std::nullopt;
  found.cols = *cols;
  return found;
}

void apply(const Description& d, StoredTensor& tensor, const std::string& name) {
  const auto fail = [&](const std::string& problem) {
    throw LoadError(name, "tensor " + in_quotes(tensor.name) + ": " + problem);
  };
  if (tensor.dtype != Dtype::u8)
    fail("U8 expected of a packed tensor, " + std::string(dtype_name(tensor.dtype)) + " found");
  // Below 2^27 panels of less than 2^36 bytes.
  std::size_t expected = 0;
  for (const int rows : d.parts.rows) expected += packed_bytes(d.parts.storage, rows, d.cols);
  if (tensor.data.size() != expected)
    fail(std::to_string(expected) + " bytes expected for " + packed_text(d.parts, d.cols) + ", " +
         std::to_string(tensor.data.size()) + " found");
  tensor.shape = {d.rows, static_cast<std::uint64_t>(d.cols)};
  tensor.packed = d.parts;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> packed_layout() {
  std::vector<std::pair<std::string, std::string>> layout = {
      {std::string(version_key), std::to_string(packed_version)},
      {"kelvin.panel_rows", std::to_string(panel_rows)},
      {"kelvin.group_width", std::to_string(block_width)},
      {"kelvin.span_width", std::to_string(min_group)},
      {"kelvin.sub_width", std::to_string(sub_width)},
      {"kelvin.k_padding", std::to_string(k_padding)}};
  for (const kernels::PackedFormat* format : kernels::packed_formats)
    layout.push_back({header_key(*format), std::to_string(format->header_bytes)});
  layout.push_back({std::string(sub_blocks_key), std::to_string(kernels::sub_blocks_version)});
  return layout;
}

std::string packed_text(const PackedParts& parts, int cols) {
  std::string text = name_of(parts.storage);
  for (std::size_t i = 0; i < parts.rows.size(); ++i)
    text += (i == 0 ? " " : "+") + std::to_string(parts.rows[i]);
  return text + " x " + std::to_string(cols);
}

void read_packed(JsonValue metadata, std::vector<StoredTensor>& tensors, const std::string& name) {
  if (!metadata.find(version_key)) return;
  const auto layout = packed_layout();
  for (const auto& [key, expected] : layout) {
    if (!metadata.find(key) && is_later_key(key)) continue;
    const std::string_view found = metadata.at(key).as_string();
    if (found != expected)
      throw LoadError(name, "__metadata__: " + key + " " + expected +
                                " expected (packed by this version of Kelvin), " + in_quotes(found) +
                                " found; pack the original folder again with kelvin-quantize");
  }
  for (StoredTensor& tensor : tensors) {
    const auto text = metadata.find(tensor.name);
    if (!text) continue;
    const auto description = described(text->as_string());
    if (!description)
      throw LoadError(name, "__metadata__: tensor " + in_quotes(tensor.name) +
                                ": a description such as \"q4 2048 x 2048\" expected, " +
                                in_quotes(text->as_string()) + " found");
    apply(*description, tensor, name);
  }
}

std::span<const std::byte> packed_rows(const TensorFiles::Tensor& tensor, int first_row, int rows) {
  const StoredTensor& stored = tensor.stored;
  const int cols = static_cast<int>(stored.shape[1]);
  std::size_t offset = 0;
  int first = 0;
  for (const int part : stored.packed->rows) {
    const std::size_t bytes = packed_bytes(stored.packed->storage, part, cols);
    if (first == first_row && part == rows) return stored.data.subspan(offset, bytes);
    offset += bytes;
    first += part;
  }
  throw LoadError(path_text(tensor.file->path()), "tensor " + in_quotes(stored.name) + ": a part of " +
                                                      std::to_string(rows) + " rows from row " +
                                                      std::to_string(first_row) + " on expected, packed as " +
                                                      packed_text(*stored.packed, cols) + " found");
}

}  // namespace kelvin
