#include "loaders/tensors/safetensors.h"

#include <algorithm>

#include "loaders/files/load_error.h"
#include "loaders/json/json.h"
#include "loaders/tensors/packed_tensors.h"

namespace kelvin {
namespace {

const DtypeInfo& info_of(JsonValue dtype) {
  const std::string_view name = dtype.as_string();
  const DtypeInfo* const info = dtype_named(name);
  // Blocks of quantised numbers are GGUF's.
  if (!info || info->elements != 1)
    dtype.fail("a dtype of the format (F32, F16, BF16, ...) expected, " + in_quotes(name) + " found");
  return *info;
}

// The format's own bound; it keeps what parsing takes within reason.
constexpr std::uint64_t header_limit = 100'000'000;

std::span<const std::byte> header_of(std::span<const std::byte> file, const std::string& name) {
  if (file.size() < 10)
    throw LoadError(
        name, "a safetensors file of at least 10 bytes expected, " + std::to_string(file.size()) + " found");
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
  const std::uint64_t max = std::min<std::uint64_t>(file.size() - 8, header_limit);
  if (length < 2 || length > max)
    throw LoadError(name, "a header of 2 to " + std::to_string(max) + " bytes expected, " +
                              std::to_string(length) + " bytes announced");
  const auto header = file.subspan(8, length);
  if (header[0] != std::byte{'{'})
    throw LoadError(name, "a header that begins with '{' expected, another byte found");
  return header;
}

void check_metadata(JsonValue metadata) {
  if (!metadata.is_object())
    metadata.fail("an object expected, " + std::string(json_type_name(metadata.type())) + " found");
  for (const auto& [key, value] : metadata.members()) value.as_string();
}

// `data`: everything after the header.
StoredTensor read_entry(const JsonMember& entry, std::span<const std::byte> data, const std::string& name) {
  const auto fail = [&](const std::string& problem) {
    throw LoadError(name, "tensor " + in_quotes(entry.key) + ": " + problem);
  };
  StoredTensor tensor;
  tensor.name = entry.key;
  const DtypeInfo& info = info_of(entry.value.at("dtype"));
  tensor.dtype = info.dtype;
  std::uint64_t bits = info.bits;
  bool overflow = false;
  const JsonValue shape = entry.value.at("shape");
  for (const JsonValue size : shape.items()) {
    tensor.shape.push_back(size.as_uint());
    overflow |= __builtin_mul_overflow(bits, tensor.shape.back(), &bits);
  }
  const JsonValue offsets = entry.value.at("data_offsets");
  if (offsets.items().size() != 2)
    offsets.fail("two offsets expected, " + std::to_string(offsets.size()) + " found");
  const std::uint64_t begin = offsets.at(0).as_uint(), end = offsets.at(1).as_uint();
  if (begin > end || end > data.size())
    fail("offsets in order and up to " + std::to_string(data.size()) +
         " (the bytes after the header) expected, " + std::to_string(begin) + " to " + std::to_string(end) +
         " found");
  if (overflow)
    fail("a size below 2^64 bits expected, " + shape_text(tensor.shape) + " x " + std::string(info.name) +
         " found");
  if (bits % 8 != 0 || bits / 8 != end - begin)
    fail((bits % 8 == 0 ? std::to_string(bits / 8) : "a whole number of") + " bytes expected for " +
         shape_text(tensor.shape) + " x " + std::string(info.name) + ", " + std::to_string(end - begin) +
         " found");
  tensor.data = data.subspan(begin, end - begin);
  return tensor;
}

// Every byte after the header belongs to exactly one tensor.
void check_cover(const std::vector<StoredTensor>& tensors, std::span<const std::byte> data,
                 const std::string& name) {
  std::vector<const StoredTensor*> order;
  for (const StoredTensor& tensor : tensors) order.push_back(&tensor);
  const auto begin_of = [](const StoredTensor* t) { return t->data.data(); };
  const auto end_of = [](const StoredTensor* t) { return t->data.data() + t->data.size(); };
  std::sort(order.begin(), order.end(), [&](const StoredTensor* a, const StoredTensor* b) {
    return begin_of(a) != begin_of(b) ? begin_of(a) < begin_of(b) : end_of(a) < end_of(b);
  });
  const std::byte* reached = data.data();
  for (const StoredTensor* tensor : order) {
    if (begin_of(tensor) != reached)
      throw LoadError(name, "tensor " + in_quotes(tensor->name) + ": data from byte " +
                                std::to_string(reached - data.data()) +
                                " on expected (no gap, no overlap), from byte " +
                                std::to_string(begin_of(tensor) - data.data()) + " on found");
    reached = end_of(tensor);
  }
  const auto covered = static_cast<std::size_t>(reached - data.data());
  if (covered != data.size())
    throw LoadError(name, std::to_string(covered) + " bytes of tensors expected from the header, " +
                              std::to_string(data.size()) + " found");
}

}  // namespace

std::vector<StoredTensor> parse_safetensors(std::span<const std::byte> file, const std::string& name) {
  const auto header = header_of(file, name);
  const auto data = file.subspan(8 + header.size());
  const JsonDocument document = parse_json(header, name + ": header");
  std::vector<StoredTensor> tensors;
  std::optional<JsonValue> metadata;
  for (const JsonMember entry : document.root().members()) {
    if (entry.key == "__metadata__")
      check_metadata(*(metadata = entry.value));
    else
      tensors.push_back(read_entry(entry, data, name));
  }
  check_cover(tensors, data, name);
  if (metadata) read_packed(*metadata, tensors, name);
  return tensors;
}

}  // namespace kelvin
