#include "tools/inspect/golden_dump.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "loaders/files/load_error.h"
#include "loaders/json/json_fields.h"
#include "loaders/json/json_file.h"

namespace kelvin {
namespace {

using Shape = std::vector<std::size_t>;

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const std::size_t size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text.empty() ? "a single number" : text;
}

template <class Number>
double number_at(std::span<const std::byte> bytes, std::size_t index) {
  std::array<std::byte, sizeof(Number)> raw;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(index * sizeof(Number)), sizeof(Number),
              raw.begin());
  if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
  return static_cast<double>(std::bit_cast<Number>(raw));
}

// By GoldenArray::Type.
struct NumberFormat {
  std::string_view name;
  std::size_t size;  // bytes
  double (*at)(std::span<const std::byte> bytes, std::size_t index);
};
constexpr std::array<NumberFormat, 4> number_formats = {{{"float32", 4, number_at<float>},
                                                         {"float64", 8, number_at<double>},
                                                         {"int32", 4, number_at<std::int32_t>},
                                                         {"int64", 8, number_at<std::int64_t>}}};
const NumberFormat& format_of(GoldenArray::Type type) {
  return number_formats[static_cast<std::size_t>(type)];
}

GoldenArray::Type type_of(JsonValue value) {
  const std::string_view name = value.as_string();
  for (std::size_t i = 0; i < number_formats.size(); ++i)
    if (name == number_formats[i].name) return static_cast<GoldenArray::Type>(i);
  value.fail("float32, float64, int32 or int64 expected, " + in_quotes(name) + " found");
}

// The array of a member, if there; it must have one of the shapes.
std::optional<GoldenArray> array_of(JsonValue sequence, std::string_view key,
                                    const std::filesystem::path& folder, const std::vector<Shape>& shapes) {
  const auto member = optional_member(sequence, key);
  if (!member) return std::nullopt;
  Shape shape;
  for (const JsonValue size : member->at("shape").items()) shape.push_back(size.as_uint());
  if (std::find(shapes.begin(), shapes.end(), shape) == shapes.end()) {
    std::string expected;
    for (const Shape& s : shapes) expected += (expected.empty() ? "" : " or ") + shape_text(s);
    member->at("shape").fail(expected + " expected, " + shape_text(shape) + " found");
  }
  const std::filesystem::path name(std::string(member->at("file").as_string()));
  if (name != name.filename() || name == "..")
    member->at("file").fail("a file in the dump's folder expected");
  return GoldenArray(folder / name, type_of(member->at("dtype")), std::move(shape));
}

GoldenSequence sequence_of(const JsonMember& member, const std::filesystem::path& folder,
                           const GoldenSizes& sizes) {
  GoldenSequence sequence;
  sequence.name = member.key;
  const IntRange id_range{0, static_cast<std::int64_t>(sizes.vocabulary) - 1};
  for (const JsonValue id : member.value.at("ids").items()) sequence.ids.push_back(int_in(id, id_range));
  if (sequence.ids.empty()) member.value.at("ids").fail("at least one id expected");
  const std::size_t n = sequence.ids.size(), v = sizes.vocabulary, h = sizes.hidden, l = sizes.layers;
  sequence.logits = array_of(member.value, "logits", folder, {{n, v}});
  sequence.last_logits = array_of(member.value, "last_logits", folder, {{v}});
  sequence.nll = array_of(member.value, "nll", folder, {{n - 1}});
  sequence.argmax = array_of(member.value, "argmax", folder, {{n}});
  sequence.hidden =
      array_of(member.value, "hidden", folder, {{l + 2, n, h}, {l + 1, n, h}, {l + 2, h}, {l + 1, h}});
  if (!sequence.logits && !sequence.last_logits && !sequence.nll && !sequence.argmax && !sequence.hidden)
    member.value.fail("nothing to compare: logits, last_logits, nll, argmax or hidden expected");
  return sequence;
}

}  // namespace

GoldenArray::GoldenArray(const std::filesystem::path& path, Type type, Shape shape)
    : file_(MappedFile::open(path)), type_(type), shape_(std::move(shape)) {
  const std::size_t bytes = file_->bytes().size();
  // The product of the shape, never beyond the file's length.
  std::size_t count = 1;
  bool fits = true;
  for (const std::size_t size : shape_) {
    fits = fits && (size == 0 || count <= bytes / size);
    if (fits) count *= size;
  }
  if (!fits || count > bytes / format_of(type).size || count * format_of(type).size != bytes)
    throw LoadError(path_text(path), shape_text(shape_) + " numbers of " +
                                         std::to_string(format_of(type).size) + " bytes expected, " +
                                         std::to_string(bytes) + " bytes found");
}

double GoldenArray::operator[](std::size_t index) const { return format_of(type_).at(file_->bytes(), index); }

GoldenDump read_golden(const std::filesystem::path& path, const GoldenSizes& sizes) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  const std::filesystem::path manifest = is_folder ? path / "manifest.json" : path;
  const JsonDocument document = load_json(manifest);
  const JsonValue root = document.root();
  GoldenDump dump;
  const RealRange tolerances{0.0};
  dump.tolerance = optional_real(root, "suggested_abs_tol_logits", tolerances);
  if (const auto repro = optional_member(root, "repro"); repro && !dump.tolerance)
    dump.tolerance = optional_real(*repro, "suggested_abs_tol_logits", tolerances);
  for (const JsonMember& member : root.at("sequences").members())
    dump.sequences.push_back(sequence_of(member, manifest.parent_path(), sizes));
  if (dump.sequences.empty()) root.at("sequences").fail("at least one sequence expected");
  return dump;
}

}  // namespace kelvin
