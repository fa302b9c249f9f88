#include "loaders/model/packed_writer.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "loaders/files/load_error.h"
#include "loaders/json/json_writer.h"
#include "loaders/model/tensor_mapping.h"
#include "loaders/model/weight_storage.h"
#include "loaders/tensors/packed_tensors.h"
#include "loaders/tensors/tensor_convert.h"

namespace kelvin {
namespace {

constexpr std::size_t alignment = 64;  // of the first tensor: packed ones have sizes that keep it

// Rows that are packed or converted on their own.
struct Part {
  TensorPiece piece;
  int rows, cols;
  std::span<const std::byte> packed{};  // if that is done already
};

// A tensor of the file to write.
struct Entry {
  std::string name;
  Storage storage;
  std::vector<std::uint64_t> shape;  // of the numbers
  std::vector<Part> parts;

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Part& part : parts) sum += matrix_bytes(storage, part.rows, part.cols);
    return sum;
  }
  std::string packed() const {
    PackedParts all{storage, {}};
    for (const Part& part : parts) all.rows.push_back(part.rows);
    return packed_text(all, parts.front().cols);
  }
};

// Matrices packed before, by their place.
using PackedBefore = std::map<const Matrix*, std::span<const std::byte>>;

PackedBefore by_place(const Weights& weights, std::span<const AlignedBuffer> packed) {
  PackedBefore found;
  const std::vector<const Matrix*> places = matrices_of(weights);
  if (!packed.empty() && packed.size() != places.size())
    throw std::invalid_argument(std::to_string(packed.size()) + " packed matrices for " +
                                std::to_string(places.size()) + " places");
  for (std::size_t i = 0; i < packed.size(); ++i)
    if (packed[i].size() > 0) found[places[i]] = {packed[i].data(), packed[i].size()};
  return found;
}

std::span<const std::byte> packed_before(const PackedBefore& packed, const WeightPlan::MatrixPlace& place,
                                         Storage storage) {
  const auto found = packed.find(place.to);
  if (found == packed.end()) return {};
  if (found->second.size() != matrix_bytes(storage, place.rows, place.cols))
    throw std::invalid_argument("tensor " + in_quotes(place.tensor->stored.name) +
                                ": packed to another size");
  return found->second;
}

std::vector<Entry> matrix_entries(const WeightPlan& plan, const WeightStorage& storage,
                                  const PackedBefore& packed) {
  std::vector<Entry> entries;
  const TensorFiles::Tensor* last = nullptr;
  for (const WeightPlan::MatrixPlace& place : plan.matrices) {
    // The parts of a fused matrix follow each other in the plan.
    if (place.tensor != last)
      entries.push_back({place.tensor->stored.name, storage.of(place), place.tensor->stored.shape, {}});
    last = place.tensor;
    entries.back().parts.push_back(
        {place.piece(), place.rows, place.cols, packed_before(packed, place, storage.of(place))});
  }
  return entries;
}

// Norms and biases: exactly, whatever format they come in.
std::vector<Entry> vector_entries(const WeightPlan& plan) {
  std::vector<Entry> entries;
  std::set<const TensorFiles::Tensor*> taken;
  for (const WeightPlan::VectorPlace& place : plan.vectors)
    for (const TensorFiles::Tensor* tensor : place.tensors) {
      const StoredTensor& stored = tensor->stored;
      if (!taken.insert(tensor).second) continue;
      const Storage storage = exact_storage(stored.dtype);
      entries.push_back(
          {stored.name, storage, stored.shape, {{whole(*tensor), 1, static_cast<int>(stored.elements())}}});
    }
  return entries;
}

const char* dtype_of(Storage storage) {
  if (is_packed(storage)) return "U8";
  return storage == Storage::bf16 ? "BF16" : "F32";
}

// With its length before it.
std::string header_of(const std::vector<Entry>& entries) {
  JsonWriter json;
  json.begin_object().key("__metadata__").begin_object().member("format", "kelvin");
  for (const auto& [key, value] : packed_layout()) json.member(key, value);
  for (const Entry& entry : entries)
    if (is_packed(entry.storage)) json.member(entry.name, entry.packed());
  json.end_object();
  std::size_t at = 0;
  for (const Entry& entry : entries) {
    const bool packed = is_packed(entry.storage);
    json.key(entry.name).begin_object().member("dtype", dtype_of(entry.storage));
    json.member("shape", packed ? std::vector<std::uint64_t>{entry.bytes()} : entry.shape);
    json.member("data_offsets", std::vector<std::size_t>{at, at + entry.bytes()}).end_object();
    at += entry.bytes();
  }
  std::string text = json.end_object().text();
  text.append((alignment - (8 + text.size()) % alignment) % alignment, ' ');
  std::string header;
  for (int i = 0; i < 8; ++i) header += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return header + text;
}

void check_not_packed(const TensorFiles& files) {
  for (const TensorFiles::Tensor& tensor : files.tensors())
    if (tensor.stored.packed)
      throw LoadError(path_text(tensor.file->path()),
                      "tensor " + in_quotes(tensor.stored.name) +
                          ": weights that are not packed yet expected, packed as " +
                          name_of(tensor.stored.packed->storage) + " found");
}

}  // namespace

PackedSizes write_packed(const TensorFiles& files, const ModelConfig& config, const LoadOptions& options,
                         const std::function<void(std::span<const std::byte>)>& write,
                         std::span<const AlignedBuffer> packed) {
  check_not_packed(files);
  Weights weights;
  const WeightPlan plan = plan_weights(files, config, options.ignore_extra, weights);
  const WeightStorage storage(plan, weights, options.storage);
  std::vector<Entry> entries = matrix_entries(plan, storage, by_place(weights, packed));
  std::ranges::move(vector_entries(plan), std::back_inserter(entries));

  PackedSizes sizes;
  std::size_t done = 0, total = 0;
  for (const Entry& entry : entries)
    for (const Part& part : entry.parts) {
      total += part.piece.file_bytes();
      if (!is_packed(entry.storage)) continue;
      sizes.weights += part.piece.count;
      sizes.bytes += matrix_bytes(entry.storage, part.rows, part.cols);
    }
  const std::string header = header_of(entries);
  write(std::as_bytes(std::span(header)));
  sizes.file_bytes = header.size();
  AlignedBuffer buffer;
  const auto write_some = [&](std::span<const std::byte> bytes, std::size_t read) {
    write(bytes);
    sizes.file_bytes += bytes.size();
    done += read;
    if (options.progress) options.progress(done, total);
  };
  for (const Entry& entry : entries)
    for (const Part& part : entry.parts) {
      if (!part.packed.empty()) {
        write_some(part.packed, part.piece.file_bytes());
        continue;
      }
      for (PieceConverter converter(part.piece, part.cols, entry.storage, options.threads);
           !converter.done();) {
        const std::size_t bytes = converter.step_bytes();
        if (bytes > buffer.size()) buffer = AlignedBuffer(bytes);
        const std::size_t read = converter.step(buffer.data());
        write_some({buffer.data(), bytes}, read);
      }
    }
  return sizes;
}

}  // namespace kelvin
