#include "loaders/gguf/gguf_file.h"

#include <algorithm>
#include <numeric>

#include "loaders/files/load_error.h"

namespace kelvin {
namespace {

constexpr int deepest_array = 4;             // arrays of arrays: allowed by the format, written by nobody
constexpr std::size_t tensor_count_at = 8;   // byte, behind magic and version
constexpr std::size_t longest_name = 65535;  // bytes, of a key (the format's bound) or a tensor

struct TypeRow {
  std::uint32_t number;
  std::string_view name;
};

// Those that dtype_named() does not know are refused by name.
constexpr TypeRow tensor_types[] = {
    {0, "F32"},     {1, "F16"},    {2, "Q4_0"},     {3, "Q4_1"},    {6, "Q5_0"},     {7, "Q5_1"},
    {8, "Q8_0"},    {9, "Q8_1"},   {10, "Q2_K"},    {11, "Q3_K"},   {12, "Q4_K"},    {13, "Q5_K"},
    {14, "Q6_K"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"},
    {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"}, {24, "I8"},      {25, "I16"},
    {26, "I32"},    {27, "I64"},   {28, "F64"},     {29, "IQ1_M"},  {30, "BF16"},    {34, "TQ1_0"},
    {35, "TQ2_0"},  {39, "MXFP4"}, {40, "NVFP4"},   {41, "Q1_0"},
};

}  // namespace

// Reads from front to back, never beyond the end.
class GgufFile::Reader {
 public:
  Reader(std::span<const std::byte> file, const std::string& name) : file_(file), name_(name) {}

  std::size_t position() const { return at_; }
  std::size_t left() const { return file_.size() - at_; }

  std::span<const std::byte> take(std::uint64_t bytes, std::string_view what) {
    if (bytes > left())
      throw LoadError(name_, std::string(what) + ": " + std::to_string(bytes) + " bytes expected from byte " +
                                 std::to_string(at_) + " on, the file has " + std::to_string(left()));
    at_ += bytes;
    return file_.subspan(at_ - bytes, bytes);
  }
  std::uint32_t u32(std::string_view what) {
    return static_cast<std::uint32_t>(little_endian(take(4, what)));
  }
  std::uint64_t u64(std::string_view what) { return little_endian(take(8, what)); }
  std::string_view name(std::string_view what) {
    const std::uint64_t length = u64(what);
    if (length == 0 || length > longest_name)
      throw LoadError(name_, std::string(what) + ": a name of 1 to " + std::to_string(longest_name) +
                                 " bytes expected, of " + std::to_string(length) + " found");
    const auto bytes = take(length, what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  GgufType type(std::string_view what) {
    const std::uint32_t number = u32(what);
    if (number > static_cast<std::uint32_t>(GgufType::f64))
      throw LoadError(name_, std::string(what) + ": a value type of 0 to 12 expected, " +
                                 std::to_string(number) + " found");
    return static_cast<GgufType>(number);
  }
  GgufValue value() {
    const std::string_view key = name("metadata key");
    const std::string what = printable(key);
    const GgufType own = type(what);
    if (own == GgufType::string) return {name_, key, own, false, 0, take(u64(what), what)};
    if (own != GgufType::array) return {name_, key, own, false, 0, take(gguf_type_size(own), what)};
    const GgufType item = type(what);
    const std::uint64_t count = u64(what);
    const std::size_t begin = at_;
    skip_items(item, count, what, 1);
    return {name_, key, item, true, count, file_.subspan(begin, at_ - begin)};
  }
  // A count of things that take at least `least` bytes each.
  std::uint64_t count(std::size_t min, std::uint64_t number, std::string_view what) const {
    if (number > left() / min)
      throw LoadError(name_, std::string(what) + ": at most " + std::to_string(left() / min) +
                                 " expected (the file has no bytes for more), " + std::to_string(number) +
                                 " announced");
    return number;
  }

 private:
  void skip_items(GgufType item, std::uint64_t number, const std::string& what, int depth) {
    if (depth > deepest_array)
      throw LoadError(name_, what + ": arrays at most " + std::to_string(deepest_array) +
                                 " deep expected, deeper ones found");
    const std::size_t size = gguf_type_size(item);
    // An item has 8 bytes of length if a string, 12 of type and count if an array.
    count(size > 0 ? size : item == GgufType::string ? 8 : 12, number, what);
    if (size > 0) {
      take(number * size, what);
      return;
    }
    for (std::uint64_t i = 0; i < number; ++i) {
      if (item == GgufType::string) {
        take(u64(what), what);
      } else {
        const GgufType inner = type(what);
        skip_items(inner, u64(what), what, depth + 1);
      }
    }
  }

  std::span<const std::byte> file_;
  const std::string& name_;
  std::size_t at_ = 0;
};

GgufFile::GgufFile(std::span<const std::byte> file, std::string name) : name_(std::move(name)) {
  Reader reader(file, name_);
  if (reader.u32("magic") != 0x46554747)
    throw LoadError(name_, "a GGUF file (beginning with the letters GGUF) expected, other bytes found");
  const std::uint32_t version = reader.u32("version");
  if (version != 2 && version != 3)
    throw LoadError(name_, "GGUF of version 2 or 3 expected, " +
                               (version << 16 == 0 ? std::string("a big-endian file")
                                                   : "version " + std::to_string(version)) +
                               " found");
  const std::uint64_t tensor_count = reader.u64("tensor count"), value_count = reader.u64("metadata count");
  reader.count(13, value_count, "metadata count");  // a key of 9 bytes at least, a type, a byte
  for (std::uint64_t i = 0; i < value_count; ++i) values_.push_back(reader.value());
  metadata_ = file.first(reader.position());
  sort_values();

  std::uint64_t alignment = 32;
  if (const auto given = find("general.alignment")) {
    alignment = static_cast<std::uint64_t>(given->int_in(8, std::int64_t{1} << 31));
    if (alignment % 8 != 0) given->fail("a multiple of 8 expected, " + std::to_string(alignment) + " found");
  }
  reader.count(33, tensor_count, "tensor count");  // name 9 at least, rank 4, a size 8, type 4, offset 8
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    offsets.push_back(0);
    tensors_.push_back(read_entry(reader, offsets.back()));
  }
  const std::size_t begin = (reader.position() + alignment - 1) / alignment * alignment;
  place_tensors(begin < file.size() ? file.subspan(begin) : std::span<const std::byte>(), alignment, offsets);
}

void GgufFile::sort_values() {
  std::sort(values_.begin(), values_.end(),
            [](const GgufValue& a, const GgufValue& b) { return a.key() < b.key(); });
  const auto twice =
      std::adjacent_find(values_.begin(), values_.end(),
                         [](const GgufValue& a, const GgufValue& b) { return a.key() == b.key(); });
  if (twice != values_.end()) twice->fail("each key once expected, this one twice found");
}

StoredTensor GgufFile::read_entry(Reader& reader, std::uint64_t& offset) const {
  StoredTensor tensor;
  tensor.name = reader.name("tensor name");
  const std::string what = "tensor " + in_quotes(tensor.name);
  const auto fail = [&](const std::string& problem) { throw LoadError(name_, what + ": " + problem); };
  const std::uint32_t rank = reader.u32(what);
  if (rank < 1 || rank > 4) fail("1 to 4 dimensions expected, " + std::to_string(rank) + " found");
  // The fastest-running dimension stands first.
  tensor.shape.resize(rank);
  for (std::size_t i = rank; i-- > 0;) tensor.shape[i] = reader.u64(what);
  const std::uint32_t type = reader.u32(what);
  offset = reader.u64(what);

  const auto row = std::find_if(std::begin(tensor_types), std::end(tensor_types),
                                [&](const TypeRow& r) { return r.number == type; });
  const DtypeInfo* const info = row == std::end(tensor_types) ? nullptr : dtype_named(row->name);
  if (!info)
    fail(
        "F32, F16, BF16, Q1_0, Q4_0 to Q8_0, Q2_K to Q6_K, IQ1_S to IQ4_XS, MXFP4, NVFP4, TQ1_0 or TQ2_0 "
        "expected, " +
        (row == std::end(tensor_types) ? "type " + std::to_string(type) : std::string(row->name)) + " found");
  tensor.dtype = info->dtype;
  if (tensor.shape.back() % info->elements != 0)
    fail("rows of a multiple of " + std::to_string(info->elements) + " numbers expected for " +
         std::string(info->name) + ", of " + std::to_string(tensor.shape.back()) + " found");
  return tensor;
}

// `offsets` (tensors,): where each begins in `data`, all that stands after the header.
void GgufFile::place_tensors(std::span<const std::byte> data, std::uint64_t alignment,
                             const std::vector<std::uint64_t>& offsets) {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    StoredTensor& tensor = tensors_[i];
    const DtypeInfo& info = dtype_info(tensor.dtype);
    const auto fail = [&](const std::string& problem) {
      throw LoadError(name_, "tensor " + in_quotes(tensor.name) + ": " + problem);
    };
    std::uint64_t bytes = info.bits / 8;
    bool overflow = false;
    for (std::size_t k = 0; k < tensor.shape.size(); ++k) {
      const bool row = k + 1 == tensor.shape.size();
      overflow |=
          __builtin_mul_overflow(bytes, row ? tensor.shape[k] / info.elements : tensor.shape[k], &bytes);
    }
    if (overflow)
      fail("a size below 2^64 bytes expected, " + shape_text(tensor.shape) + " x " + std::string(info.name) +
           " found");
    if (offsets[i] % alignment != 0)
      fail("an offset that is a multiple of " + std::to_string(alignment) + " expected, " +
           std::to_string(offsets[i]) + " found");
    if (offsets[i] > data.size() || bytes > data.size() - offsets[i])
      fail(std::to_string(bytes) + " bytes from offset " + std::to_string(offsets[i]) + " on expected, " +
           std::to_string(data.size()) + " bytes of data found");
    tensor.data = data.subspan(offsets[i], bytes);
  }

  std::vector<std::size_t> order(tensors_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto less = [&](auto key) {
    return [&, key](std::size_t a, std::size_t b) { return key(tensors_[a]) < key(tensors_[b]); };
  };
  std::sort(order.begin(), order.end(), less([](const StoredTensor& t) { return std::string_view(t.name); }));
  for (std::size_t i = 1; i < order.size(); ++i)
    if (tensors_[order[i]].name == tensors_[order[i - 1]].name)
      throw LoadError(name_, "tensor " + in_quotes(tensors_[order[i]].name) +
                                 ": each name once expected, this one twice found");
  std::erase_if(order, [&](std::size_t i) { return tensors_[i].data.empty(); });
  std::sort(order.begin(), order.end(), less([](const StoredTensor& t) { return t.data.data(); }));
  for (std::size_t i = 1; i < order.size(); ++i) {
    const StoredTensor &before = tensors_[order[i - 1]], &tensor = tensors_[order[i]];
    if (before.data.data() + before.data.size() > tensor.data.data())
      throw LoadError(name_, "tensor " + in_quotes(tensor.name) + ": data of its own expected, bytes of " +
                                 in_quotes(before.name) + " found");
  }
}

std::optional<GgufValue> GgufFile::find(std::string_view key) const {
  const auto at =
      std::lower_bound(values_.begin(), values_.end(), key,
                       [](const GgufValue& value, std::string_view wanted) { return value.key() < wanted; });
  return at != values_.end() && at->key() == key ? std::optional(*at) : std::nullopt;
}

GgufValue GgufFile::at(std::string_view key) const {
  if (const auto value = find(key)) return *value;
  throw LoadError(name_, "metadata key " + in_quotes(key) + " expected, none found");
}

std::string GgufFile::without_tensors() const {
  std::string bytes(reinterpret_cast<const char*>(metadata_.data()), metadata_.size());
  return bytes.replace(tensor_count_at, sizeof(std::uint64_t), sizeof(std::uint64_t), '\0');
}

std::vector<GgufValue> GgufFile::with_prefix(std::string_view prefix) const {
  std::vector<GgufValue> values;
  for (const GgufValue& value : values_)
    if (value.key().starts_with(prefix)) values.push_back(value);
  return values;
}

}  // namespace kelvin
