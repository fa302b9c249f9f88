#include "loaders/tensors/quantized_folder.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include "loaders/files/load_error.h"
#include "loaders/tensors/quantized_modules.h"
#include "loaders/tensors/scaled_codes.h"

namespace kelvin {
namespace {

using Shape = std::vector<std::uint64_t>;

std::uint64_t words_of(std::uint64_t codes, int bits) {
  return (codes * static_cast<std::uint64_t>(bits) + 31) / 32;
}
std::uint64_t parts_of(std::uint64_t size, std::uint64_t part) {
  return part == 0 ? 1 : (size + part - 1) / part;
}

// Reads the parts of one matrix after the other, and remembers which tensors that were.
class Decoder {
 public:
  Decoder(const TensorFiles& files, const QuantizationScheme& scheme)
      : files_(files), groups_(scheme, files), scheme_(scheme) {}

  TensorFiles run();

 private:
  using Tensor = TensorFiles::Tensor;

  [[noreturn]] static void fail(const Tensor& tensor, const std::string& problem) {
    throw LoadError(path_text(tensor.file->path()),
                    "tensor " + in_quotes(tensor.stored.name) + ": " + problem);
  }
  const Tensor* part_if_any(const std::string& name);
  const Tensor& part(const Tensor& codes, const std::string& name);
  static void require(const Tensor& tensor, std::initializer_list<Dtype> dtypes,
                      std::initializer_list<Shape> shapes);
  static void require_scale_type(const Tensor& tensor, bool e8m0 = false);
  void add(const std::string& name, const Tensor& codes, const ScaledCodesSpec& spec);

  void gptq(const Tensor& codes, const std::string& module);
  void awq(const Tensor& codes, const std::string& module);
  void packed(const Tensor& codes, const std::string& module);
  void mxfp4(const Tensor& codes, const std::string& name);
  void unpacked(const Tensor& codes, const std::string& module);
  std::vector<std::uint32_t> index_of_groups(const Tensor& index, std::uint64_t cols, std::uint64_t groups);
  ScaleTensor scales_of(const Tensor& codes, const Tensor& scales, const QuantGroup& group,
                        std::uint64_t rows, std::uint64_t cols, std::uint64_t& group_size);
  bool decode(const Tensor& tensor);

  const TensorFiles& files_;
  const ModuleGroups groups_;
  const QuantizationScheme& scheme_;
  std::set<std::string> taken_;
  std::vector<Tensor> made_;
};

const TensorFiles::Tensor* Decoder::part_if_any(const std::string& name) {
  const Tensor* const tensor = files_.find(name);
  if (tensor) taken_.insert(name);
  return tensor;
}

const TensorFiles::Tensor& Decoder::part(const Tensor& codes, const std::string& name) {
  if (const Tensor* const tensor = part_if_any(name)) return *tensor;
  fail(codes, "tensor " + in_quotes(name) + " expected beside these codes, none found");
}

void Decoder::require(const Tensor& tensor, std::initializer_list<Dtype> dtypes,
                      std::initializer_list<Shape> shapes) {
  const StoredTensor& stored = tensor.stored;
  if (std::find(dtypes.begin(), dtypes.end(), stored.dtype) == dtypes.end()) {
    std::string names;
    for (const Dtype dtype : dtypes) names.append(names.empty() ? "" : " or ").append(dtype_name(dtype));
    fail(tensor, names + " expected, " + std::string(dtype_name(stored.dtype)) + " found");
  }
  if (std::find(shapes.begin(), shapes.end(), stored.shape) != shapes.end()) return;
  std::string expected;
  for (const Shape& shape : shapes) expected.append(expected.empty() ? "" : " or ").append(shape_text(shape));
  fail(tensor, expected + " expected from quantization_config, " + shape_text(stored.shape) + " found");
}

void Decoder::require_scale_type(const Tensor& tensor, bool e8m0) {
  const Dtype dtype = tensor.stored.dtype;
  if (dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16 || (e8m0 && dtype == Dtype::f8_e8m0))
    return;
  fail(tensor, "scales in F32, F16 or BF16 expected, " + std::string(dtype_name(dtype)) + " found");
}

void Decoder::add(const std::string& name, const Tensor& codes, const ScaledCodesSpec& spec) {
  if (files_.find(name) && name != codes.stored.name)
    fail(codes, "the codes of " + in_quotes(name) + " expected in place of it, both found");
  taken_.insert(codes.stored.name);
  Tensor made{{name, Dtype::f32, {spec.rows, spec.cols}, {}}, codes.file, nullptr};
  made.stored.computed = scaled_codes(spec);
  made_.push_back(std::move(made));
}

std::vector<std::uint32_t> Decoder::index_of_groups(const Tensor& index, std::uint64_t cols,
                                                    std::uint64_t groups) {
  require(index, {Dtype::i32}, {{cols}});
  std::vector<std::uint32_t> group_of(cols);
  std::memcpy(group_of.data(), index.stored.data.data(), index.stored.data.size());
  for (std::size_t i = 0; i < cols; ++i)
    if (group_of[i] >= groups)
      fail(index, "groups from 0 to " + std::to_string(groups - 1) + " expected, " +
                      std::to_string(static_cast<std::int32_t>(group_of[i])) + " at " + std::to_string(i) +
                      " found");
  return group_of;
}

void Decoder::gptq(const Tensor& codes, const std::string& module) {
  const QuantGroup& group = groups_.of(module);
  const Tensor &scales = part(codes, module + ".scales"), &zeros = part(codes, module + ".qzeros");
  const Tensor* const index = part_if_any(module + ".g_idx");
  if (codes.stored.shape.size() != 2 || scales.stored.shape.size() != 2)
    fail(codes, "two dimensions of codes and scales expected, others found");
  const std::uint64_t words = codes.stored.shape[0], rows = codes.stored.shape[1];
  // Whole words only: a column of codes is a multiple of 32 long in every published file.
  const std::uint64_t cols = words * 32 / static_cast<std::uint64_t>(group.bits);
  const std::uint64_t size = group.group_size == 0 ? cols : group.group_size, groups = parts_of(cols, size);
  require(codes, {Dtype::i32}, {{words_of(cols, group.bits), rows}});
  require_scale_type(scales);
  require(scales, {scales.stored.dtype}, {{groups, rows}});
  require(zeros, {Dtype::i32}, {{groups, words_of(rows, group.bits)}});
  ScaledCodesSpec spec{rows, cols, {&codes, CodeLayout::row_down, group.bits}, {&scales, 1, true}, {}, size};
  spec.zeros = CodeTensor{&zeros, CodeLayout::column_along, group.bits, scheme_.zeros_less_one ? -1 : 0};
  if (index) spec.group_of = index_of_groups(*index, cols, groups);
  add(module + ".weight", codes, spec);
}

void Decoder::awq(const Tensor& codes, const std::string& module) {
  const QuantGroup& group = groups_.of(module);
  const Tensor &scales = part(codes, module + ".scales"), &zeros = part(codes, module + ".qzeros");
  if (codes.stored.shape.size() != 2) fail(codes, "two dimensions expected, others found");
  const std::uint64_t cols = codes.stored.shape[0], words = codes.stored.shape[1], rows = 8 * words;
  const std::uint64_t size = group.group_size == 0 ? cols : group.group_size, groups = parts_of(cols, size);
  require(codes, {Dtype::i32}, {{cols, words}});
  require_scale_type(scales);
  require(scales, {scales.stored.dtype}, {{groups, rows}});
  require(zeros, {Dtype::i32}, {{groups, words}});
  ScaledCodesSpec spec{rows, cols, {&codes, CodeLayout::awq, 4}, {&scales, 1, true}, {}, size};
  spec.zeros = CodeTensor{&zeros, CodeLayout::awq, 4};
  add(module + ".weight", codes, spec);
}

// Where the scales of a matrix of FP8 or compressed-tensors lie.
ScaleTensor Decoder::scales_of(const Tensor& codes, const Tensor& scales, const QuantGroup& group,
                               std::uint64_t rows, std::uint64_t cols, std::uint64_t& group_size) {
  require_scale_type(scales, group.floats);
  const Dtype dtype = scales.stored.dtype;
  group_size = 0;
  switch (group.scales) {
    case QuantGroup::Scales::tensor:
      require(scales, {dtype}, {{}, {1}, {1, 1}});
      return {&scales, 0};
    case QuantGroup::Scales::channel:
      require(scales, {dtype}, {{rows, 1}, {rows}});
      return {&scales, 1};
    case QuantGroup::Scales::group:
      if (group.group_size > 0 && cols % group.group_size != 0)
        fail(codes, "columns in whole groups of " + std::to_string(group.group_size) + " expected, " +
                        std::to_string(cols) + " found");
      group_size = group.group_size;
      require(scales, {dtype}, {{rows, parts_of(cols, group_size)}});
      return {&scales, 1};
    case QuantGroup::Scales::block:
      group_size = group.block_cols;
      require(scales, {dtype}, {{parts_of(rows, group.block_rows), parts_of(cols, group.block_cols)}});
      return {&scales, group.block_rows};
  }
  return {&scales, 0};
}

// compressed-tensors, several codes in a word.
void Decoder::packed(const Tensor& codes, const std::string& module) {
  const QuantGroup& group = groups_.of(module);
  const Tensor &scales = part(codes, module + ".weight_scale"),
               &shape = part(codes, module + ".weight_shape");
  require(shape, {Dtype::i64, Dtype::i32}, {{2}});
  std::uint64_t rows = 0, cols = 0;
  const auto size_at = [&](std::size_t i) -> std::uint64_t {
    const std::size_t bytes = shape.stored.dtype == Dtype::i64 ? 8 : 4;
    std::uint64_t value = 0;
    std::memcpy(&value, shape.stored.data.data() + i * bytes, bytes);
    if (value == 0 || value > (std::uint64_t{1} << 31))
      fail(shape, "sizes from 1 to 2^31 expected, others found");
    return value;
  };
  rows = size_at(0), cols = size_at(1);
  require(codes, {Dtype::i32}, {{rows, words_of(cols, group.bits)}});
  const int middle = 1 << (group.bits - 1);
  ScaledCodesSpec spec{rows, cols, {&codes, CodeLayout::row_along, group.bits, middle}, {}, {}, 0};
  spec.scales = scales_of(codes, scales, group, rows, cols, spec.group_size);
  if (const Tensor* const index = part_if_any(module + ".weight_g_idx"))
    spec.group_of = index_of_groups(*index, cols, parts_of(cols, spec.group_size));
  if (!group.symmetric) {
    if (spec.scales.row_block != 1)
      fail(codes, "zero points of groups or rows expected, of a whole matrix found");
    const Tensor& zeros = part(codes, module + ".weight_zero_point");
    require(zeros, {Dtype::i32}, {{words_of(rows, group.bits), parts_of(cols, spec.group_size)}});
    spec.zeros = CodeTensor{&zeros, CodeLayout::column_down, group.bits, middle};
  }
  add(module + ".weight", codes, spec);
}

void Decoder::mxfp4(const Tensor& codes, const std::string& name) {
  const Tensor& scales = part(codes, name + "_scales");
  const Shape& shape = codes.stored.shape;
  constexpr std::uint64_t block = 32;  // codes
  if (shape.size() != 4) fail(codes, "four dimensions expected, " + shape_text(shape) + " found");
  require(codes, {Dtype::u8}, {{shape[0], shape[1], shape[2], block / 2}});
  require(scales, {Dtype::u8}, {{shape[0], shape[1], shape[2]}});
  const std::uint64_t rows = shape[0] * shape[1], cols = shape[2] * block;
  add(name, codes, {rows, cols, {&codes, CodeLayout::float4}, {&scales, 1}, {}, block});
  made_.back().stored.shape = {shape[0], shape[1], cols};
}

// FP8 and INT8: a byte for each code.
void Decoder::unpacked(const Tensor& codes, const std::string& module) {
  const StoredTensor& stored = codes.stored;
  const QuantGroup* const group = &groups_.of(module);
  if (stored.shape.size() != 2) fail(codes, "two dimensions expected, others found");
  const bool floats = stored.dtype != Dtype::i8;
  if (group->floats != floats || group->packed)
    fail(codes, std::string(group->packed   ? "packed codes"
                            : group->floats ? "F8_E4M3"
                                            : "I8") +
                    " expected from quantization_config, " + std::string(dtype_name(stored.dtype)) +
                    " found");
  const std::uint64_t rows = stored.shape[0], cols = stored.shape[1];
  const Tensor* scales = part_if_any(module + ".weight_scale_inv");
  if (!scales) scales = &part(codes, module + ".weight_scale");
  // Makers of FP8 name blocks in the config and may keep single scales for a few matrices all the same.
  QuantGroup as_stored = *group;
  if (scheme_.method == QuantMethod::fp8 && scales->stored.shape.size() < 2 && scales->stored.elements() == 1)
    as_stored.scales = QuantGroup::Scales::tensor;
  else if (scheme_.method == QuantMethod::fp8 && scales->stored.shape == Shape{rows, 1} &&
           group->block_cols < cols)
    as_stored.scales = QuantGroup::Scales::channel;
  ScaledCodesSpec spec{rows, cols, {&codes, floats ? CodeLayout::float8 : CodeLayout::int8}, {}, {}, 0};
  spec.scales = scales_of(codes, *scales, as_stored, rows, cols, spec.group_size);
  const Tensor* const zeros = part_if_any(module + ".weight_zero_point");
  if (zeros && !floats) {
    if (spec.scales.row_block > 1) fail(*zeros, "no zero points of blocks expected, some found");
    require(*zeros, {Dtype::i8}, {scales->stored.shape});
    spec.zeros = CodeTensor{zeros, CodeLayout::int8};
    spec.zeros->one_row = spec.scales.row_block == 0;
  } else if (zeros) {
    fail(*zeros, "no zero points beside FP8 expected, some found");
  } else if (!group->symmetric) {
    part(codes, module + ".weight_zero_point");
  }
  add(module + ".weight", codes, spec);
}

constexpr std::string_view run_time_names[] = {
    ".input_scale",  ".input_zero_point",  ".input_scale_ub",     ".activation_scale", ".activation_scale_ub",
    ".output_scale", ".output_zero_point", ".input_global_scale", ".k_scale",          ".v_scale",
    ".q_scale",      ".k_zero_point",      ".v_zero_point",       ".prob_scale",       ".prob_output_scale"};

bool is_for_run_time(std::string_view name) {
  return std::any_of(std::begin(run_time_names), std::end(run_time_names),
                     [&](std::string_view end) { return name.ends_with(end); });
}

bool is_float8(Dtype dtype) { return dtype == Dtype::f8_e4m3 || dtype == Dtype::f8_e5m2; }

// What stands before `end`, if `name` ends so.
std::string before(std::string_view name, std::string_view end) {
  return name.ends_with(end) ? std::string(name.substr(0, name.size() - end.size())) : std::string();
}

// Whether `tensor` held codes, which are read then.
bool Decoder::decode(const Tensor& tensor) {
  const std::string& name = tensor.stored.name;
  const bool ints = tensor.stored.dtype == Dtype::i8, floats = is_float8(tensor.stored.dtype);
  switch (scheme_.method) {
    case QuantMethod::gptq:
    case QuantMethod::awq:
      if (const std::string module = before(name, ".qweight"); !module.empty()) {
        scheme_.method == QuantMethod::gptq ? gptq(tensor, module) : awq(tensor, module);
        return true;
      }
      return false;
    case QuantMethod::mxfp4:
      if (const std::string matrices = before(name, "_blocks"); !matrices.empty()) {
        mxfp4(tensor, matrices);
        return true;
      }
      return false;
    case QuantMethod::compressed_tensors:
      if (const std::string module = before(name, ".weight_packed"); !module.empty()) {
        packed(tensor, module);
        return true;
      }
      [[fallthrough]];
    case QuantMethod::fp8:
      if (const std::string module = before(name, ".weight"); !module.empty() && (ints || floats)) {
        unpacked(tensor, module);
        return true;
      }
  }
  return false;
}

TensorFiles Decoder::run() {
  for (const Tensor& tensor : files_.tensors()) {
    if (tensor.stored.packed || tensor.stored.data.empty()) continue;
    if (is_for_run_time(tensor.stored.name))
      taken_.insert(tensor.stored.name);
    else
      decode(tensor);
  }
  for (const Tensor& tensor : files_.tensors())
    if (!taken_.contains(tensor.stored.name)) made_.push_back(tensor);
  return files_.with(std::move(made_));
}

}  // namespace

TensorFiles without_codes(const TensorFiles& files, const QuantizationScheme& scheme) {
  return Decoder(files, scheme).run();
}

const TensorFiles::Tensor* first_codes(const TensorFiles& files) {
  const auto& tensors = files.tensors();
  const auto found = std::find_if(tensors.begin(), tensors.end(), [](const TensorFiles::Tensor& tensor) {
    const std::string& name = tensor.stored.name;
    return name.ends_with(".qweight") || name.ends_with(".weight_packed") || name.ends_with("_blocks") ||
           (name.ends_with(".weight") &&
            (is_float8(tensor.stored.dtype) || tensor.stored.dtype == Dtype::i8));
  });
  return found == tensors.end() ? nullptr : &*found;
}

}  // namespace kelvin
