#include "loaders/tensors/quantized_folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "engine/weights/packed.h"
#include "loaders/json/json_file.h"
#include "loaders/model/hf_quantization.h"
#include "loaders/tensors/computed_matrix.h"
#include "loaders/tensors/scaled_codes.h"
#include "loaders/tensors/tensor_convert.h"
#include "tests/loaders/load_error_check.h"
#include "tests/loaders/safetensors_builder.h"
#include "tests/support.h"

using namespace kelvin;
using namespace kelvin::test;

namespace {

std::string i32_bytes(const std::vector<std::int32_t>& values) {
  std::string bytes(values.size() * 4, '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TensorFiles decoded(const std::filesystem::path& folder, const std::string& config) {
  const JsonDocument document = parse_json(config, "config.json");
  return without_codes(TensorFiles(folder), quantization_scheme(document.root()).value());
}

// The matrix "m" of eight columns and eight rows in GPTQ's form, two groups; `change` may break it.
std::string gptq_error(const std::function<void(std::vector<TensorToWrite>&)>& change,
                       const std::string& more = "") {
  std::vector<TensorToWrite> tensors = {
      {"m.qweight", "I32", {1, 8}, i32_bytes(std::vector<std::int32_t>(8, 0x76543210))},
      {"m.qzeros", "I32", {2, 1}, i32_bytes({0, 0})},
      {"m.scales", "F32", {2, 8}, f32_bytes(std::vector<float>(16, 0.5f))},
      {"m.g_idx", "I32", {8}, i32_bytes({0, 1, 0, 1, 0, 1, 0, 1})}};
  change(tensors);
  const TemporaryFolder folder;
  write_file(folder.path() / "model.safetensors", safetensors_file(tensors));
  const std::string config =
      R"({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 4)" + more + "}}";
  return load_error([&] { decoded(folder.path(), config); });
}

TensorToWrite& part_of(std::vector<TensorToWrite>& tensors, const std::string& name) {
  for (TensorToWrite& tensor : tensors)
    if (tensor.name == name) return tensor;
  throw std::runtime_error("no tensor " + name);
}

// How many numbers of `tensor` from row `first` on its own storage does not hold; packed by steps on `threads` threads.
int numbers_lost(const TensorFiles::Tensor& tensor, const std::vector<float>& expected, int threads = 2,
                 int first = 0) {
  const int cols = static_cast<int>(tensor.stored.shape.back()),
            rows = static_cast<int>(expected.size()) / cols - first;
  const Storage storage = tensor.stored.computed->own_storage();
  std::vector<std::byte> kept(matrix_bytes(storage, rows, cols), std::byte{0xff});
  const TensorPiece piece{&tensor, static_cast<std::size_t>(first * cols),
                          static_cast<std::size_t>(rows * cols)};
  std::byte* to = kept.data();
  for (PieceConverter converter(piece, cols, storage, threads); !converter.done();) {
    const std::size_t bytes = converter.step_bytes();
    converter.step(to);
    to += bytes;
  }
  const Matrix matrix{storage, rows, cols, kept.data()};
  std::vector<float> row(static_cast<std::size_t>(cols));
  int lost = 0;
  for (int r = 0; r < rows; ++r) {
    read_row(matrix, r, row.data());
    for (std::size_t k = 0; k < row.size(); ++k) {
      const float right = expected[static_cast<std::size_t>(first + r) * row.size() + k];
      lost += row[k] != right && !(std::isnan(row[k]) && std::isnan(right));
    }
  }
  return lost;
}

}  // namespace

TEST_CASE("codes of every kind of quantised folder stand for the numbers the reference gives, bit by bit") {
  int folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "quantized")) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().filename().string());
    ++folders;
    const auto expected = read_array<float>(entry.path() / "expected.f32");
    const TensorFiles files = decoded(entry.path(), read_text(entry.path() / "config.json"));
    REQUIRE(files.tensors().size() == 1);
    const TensorFiles::Tensor& tensor = files.tensors().front();
    CHECK((tensor.stored.name == "m.weight" || tensor.stored.name == "m"));
    REQUIRE(tensor.stored.computed);
    REQUIRE(tensor.stored.elements() == expected.size());
    const std::size_t cols = tensor.stored.shape.back(), rows = expected.size() / cols;
    std::vector<float> all(rows * cols), apart(rows * cols);
    tensor.stored.computed->read_rows(0, rows, all.data());
    CHECK(same_bits(all, expected));
    for (std::size_t row = 0; row < rows; ++row)
      tensor.stored.computed->read_rows(row, 1, apart.data() + row * cols);
    CHECK(same_bits(apart, expected));
    CHECK(numbers_lost(tensor, expected) == 0);
    CHECK(numbers_lost(tensor, expected, 1, 3) == 0);  // a part, as of a fused matrix
  }
  CHECK(folders == 26);
}

TEST_CASE("matrices of quantised folders are kept in a packed layout where one holds their numbers") {
  // Groups of 16, groups in disorder, and zero points beside scales that are not short have none; FP8 is bfloat16
  // where its scales are powers of two.
  const std::map<std::string, Storage> expected = {{"awq-g16-f32", Storage::f32},
                                                   {"awq-g32-f16", Storage::q5_0},
                                                   {"awq-row-bf16", Storage::int4_zero},
                                                   {"ct-fp8-block", Storage::f32},
                                                   {"ct-fp8-channel-f32", Storage::f32},
                                                   {"ct-fp8-tensor-bf16", Storage::f32},
                                                   {"ct-int8-channel-asym-f32", Storage::f32},
                                                   {"ct-int8-channel-bf16", Storage::int8},
                                                   {"ct-int8-tensor-asym", Storage::int8_zero},
                                                   {"ct-pack-3-g32-asym", Storage::q4_0},
                                                   {"ct-pack-4-channel-asym-odd", Storage::f32},
                                                   {"ct-pack-4-g16-asym-f16", Storage::f32},
                                                   {"ct-pack-4-g32-bf16", Storage::q4_0},
                                                   {"ct-pack-8-g32-bf16", Storage::q8_0},
                                                   {"fp8-block-e8m0", Storage::bf16},
                                                   {"fp8-block-part-bf16", Storage::f32},
                                                   {"fp8-fbgemm-row", Storage::f32},
                                                   {"fp8-tensor-f32", Storage::f32},
                                                   {"gptq-2-g16-f16", Storage::f32},
                                                   {"gptq-3-g32-f16", Storage::q4_0},
                                                   {"gptq-4-g32-f16", Storage::q5_0},
                                                   {"gptq-4-order-bf16", Storage::f32},
                                                   {"gptq-4-row-noindex-f32", Storage::f32},
                                                   {"gptq-8-g32-bf16", Storage::f32},
                                                   {"gptq-v2-4-g64-f16", Storage::int4_zero},
                                                   {"mxfp4-experts", Storage::mxfp4}};
  for (const auto& folder_and_storage : expected) {
    const std::string& name = folder_and_storage.first;
    const Storage storage = folder_and_storage.second;
    CAPTURE(name);
    const std::filesystem::path folder = data_dir() / "quantized" / name;
    const TensorFiles files = decoded(folder, read_text(folder / "config.json"));
    CHECK(std::string(name_of(files.tensors().front().stored.computed->own_storage())) == name_of(storage));
  }
}

namespace {

// "m" of GPTQ's 4 or 8 bits, 40 rows of 640 columns in groups of `size`: codes and, if `zeros_vary`, zero points of all
// kinds. `scale` is number i of the scales; `index` the group of each column, none if empty.
struct MadeGptq {
  int bits, size;
  bool zeros_vary;
  std::function<float(std::size_t)> scale;
  std::function<std::int32_t(std::int32_t)> index = {};
};

TensorFiles made(const std::filesystem::path& folder, const MadeGptq& m) {
  constexpr std::size_t rows = 40, cols = 640;
  const std::size_t groups = cols / static_cast<std::size_t>(m.size),
                    in_word = 32 / static_cast<std::size_t>(m.bits);
  const std::uint32_t largest = (1u << m.bits) - 1, middle = 1u << (m.bits - 1);
  std::vector<std::int32_t> codes(cols / in_word * rows), zeros(groups * rows / in_word), index;
  const auto word = [&](auto code) {
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < in_word; ++i) all |= code(i) << i * static_cast<std::size_t>(m.bits);
    return static_cast<std::int32_t>(all);
  };
  for (std::size_t at = 0; at < codes.size(); ++at)
    codes[at] = word(
        [&](std::size_t i) { return static_cast<std::uint32_t>(at * 2654435761u >> (7 + i)) & largest; });
  for (std::size_t at = 0; at < zeros.size(); ++at)  // stored less one; up to 14, 254 here
    zeros[at] = word([&](std::size_t i) {
      return m.zeros_vary ? static_cast<std::uint32_t>(at * 7 + i * 3) % largest : middle - 1;
    });
  std::vector<float> scales(groups * rows);
  for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = m.scale(i);
  for (std::int32_t i = 0; m.index && i < static_cast<std::int32_t>(cols); ++i) index.push_back(m.index(i));
  std::vector<TensorToWrite> tensors = {{"m.qweight", "I32", {cols / in_word, rows}, i32_bytes(codes)},
                                        {"m.qzeros", "I32", {groups, rows / in_word}, i32_bytes(zeros)},
                                        {"m.scales", "F32", {groups, rows}, f32_bytes(scales)}};
  if (m.index) tensors.push_back({"m.g_idx", "I32", {cols}, i32_bytes(index)});
  write_file(folder / "model.safetensors", safetensors_file(tensors));
  return decoded(folder, R"({"quantization_config": {"quant_method": "gptq", "bits": )" +
                             std::to_string(m.bits) + ", \"group_size\": " + std::to_string(m.size) + "}}");
}

}  // namespace

TEST_CASE("what scales, zero points and groups are decides on the layout, which loses no number") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto short_scale = [](std::size_t i) {
    return static_cast<float>(1 + i % 2039) * 0x1p-16f;
  };  // 11 bits
  const auto long_scale = [](std::size_t i) { return 0.001f + static_cast<float>(i) / 777.0f; };
  const auto hostile = [&](std::size_t i) { return i == 7 ? nan : i == 9 ? -inf : i == 11 ? -0.0f : 0.25f; };
  const auto shuffled = [](std::int32_t i) {
    return (i / 128 * 3 + 1) % 5;
  };                                                              // whole groups in another order
  const auto halves = [](std::int32_t i) { return i / 64 % 5; };  // 64 columns together
  const auto crossed = [](std::int32_t i) { return i % 5; };
  const std::pair<MadeGptq, Storage> cases[] = {
      {{4, 128, false, long_scale}, Storage::int4},
      {{4, 640, false, long_scale}, Storage::int4},
      {{4, 128, false, hostile}, Storage::int4},
      {{4, 128, true, short_scale}, Storage::int4_zero},
      {{4, 128, true, short_scale, shuffled}, Storage::int4_zero},
      {{4, 128, true, long_scale}, Storage::f32},
      {{4, 128, true, hostile}, Storage::f32},
      {{4, 128, true, short_scale, crossed}, Storage::f32},
      {{4, 128, true, short_scale, halves}, Storage::q5_0},
      {{4, 32, false, short_scale}, Storage::q4_0},
      {{4, 160, true, short_scale}, Storage::q5_0},
      {{4, 32, false, long_scale}, Storage::f32},
      {{4, 32, true, [](std::size_t) { return 0x1p-26f; }}, Storage::f32},  // below float16
      {{8, 128, false, long_scale}, Storage::int8},
      {{8, 128, true, short_scale}, Storage::int8_zero},
      {{8, 32, false, short_scale}, Storage::q8_0},
      {{8, 32, true, short_scale}, Storage::f32}};
  int place = 0;
  for (const auto& [spec, storage] : cases) {
    CAPTURE(place++);
    const TemporaryFolder folder;
    const TensorFiles files = made(folder.path(), spec);
    const TensorFiles::Tensor& tensor = files.tensors().front();
    CHECK(std::string(name_of(tensor.stored.computed->own_storage())) == name_of(storage));
    std::vector<float> expected(tensor.stored.elements());
    tensor.stored.computed->read_rows(0, 40, expected.data());
    CHECK(numbers_lost(tensor, expected) == 0);
    tensor.stored.computed->release();  // and reads the file again
    CHECK(numbers_lost(tensor, expected, 1) == 0);
  }
}

TEST_CASE("what the makers left alone is read as it stands, whatever the lists say") {
  const std::string kept = u16_bytes({0x3f80, 0xbf80});
  for (const char* config :
       {R"("quant_method": "awq", "bits": 4, "modules_to_not_convert": ["n"])",
        R"("quant_method": "gptq", "bits": 4)", R"("quant_method": "fp8", "modules_to_not_convert": ["n"])",
        R"("quant_method": "mxfp4", "modules_to_not_convert": ["n"])",
        R"("quant_method": "compressed-tensors", "format": "int-quantized", "ignore": ["n"],
         "config_groups": {"a": {"targets": ["Linear"], "weights": {"num_bits": 8, "strategy": "channel"}}})"}) {
    CAPTURE(std::string(config));
    const TemporaryFolder folder;
    write_file(folder.path() / "model.safetensors", safetensors_file({{"n.weight", "BF16", {1, 2}, kept}}));
    const TensorFiles files =
        decoded(folder.path(), std::string(R"({"quantization_config": {)") + config + "}}");
    REQUIRE(files.tensors().size() == 1);
    CHECK_FALSE(files.tensors().front().stored.computed);
    CHECK(files.tensors().front().stored.dtype == Dtype::bf16);
  }
}

TEST_CASE("a computed matrix is converted in steps, on any number of threads, as its numbers are") {
  class Counted : public ComputedMatrix {
   public:
    explicit Counted(std::size_t cols) : cols_(cols) {}
    std::size_t row_bytes() const override { return 3; }
    void read_rows(std::size_t first, std::size_t count, float* to) const override {
      for (std::size_t i = 0; i < count * cols_; ++i)
        to[i] = static_cast<float>((first * cols_ + i) % 8191) / 7;
    }

   private:
    std::size_t cols_;
  };
  constexpr std::size_t rows = 1100, cols = 4099;  // more than one step, and no round number
  TensorFiles::Tensor computed{{"m", Dtype::f32, {rows, cols}, {}}, nullptr, nullptr};
  computed.stored.computed = std::make_shared<Counted>(cols);
  std::vector<float> numbers(rows * cols);
  computed.stored.computed->read_rows(0, rows, numbers.data());
  TensorFiles::Tensor plain{{"m", Dtype::f32, {rows, cols}, std::as_bytes(std::span(numbers))},
                            MappedFile::open("/proc/self/exe"),
                            nullptr};
  for (const Storage storage : {Storage::f32, Storage::bf16, Storage::q8}) {
    const auto converted = [&](const TensorFiles::Tensor& tensor, int threads, std::size_t& read) {
      std::vector<std::byte> result;
      read = 0;
      for (PieceConverter converter(whole(tensor), static_cast<int>(cols), storage, threads);
           !converter.done();) {
        const std::size_t before = result.size();
        result.resize(before + converter.step_bytes());
        read += converter.step(result.data() + before);
      }
      return result;
    };
    std::size_t read = 0, ignored = 0;
    CHECK(converted(computed, 2, read) == converted(plain, 1, ignored));
    CHECK(read == 3 * rows);
  }
  CHECK_FALSE(whole(computed).lies_as(Storage::f32));
}

TEST_CASE("parts that are missing, misshapen or out of range are refused by tensor") {
  CHECK(gptq_error([](auto&) {}) == "");
  const auto named = [](const std::string& error, const std::string& tensor, const std::string& problem) {
    CAPTURE(error);
    CHECK(holds(error, "model.safetensors: tensor \"" + tensor + "\": "));
    CHECK(holds(error, problem));
  };
  named(gptq_error([](auto& t) {
          part_of(t, "m.g_idx").data = i32_bytes({0, 1, 0, 2, 0, 1, 0, 1});
        }),
        "m.g_idx", "groups from 0 to 1 expected, 2 at 3 found");
  named(gptq_error([](auto& t) {
          part_of(t, "m.g_idx").data = i32_bytes({-1, 1, 0, 1, 0, 1, 0, 1});
        }),
        "m.g_idx", "-1 at 0 found");
  named(gptq_error([](auto& t) { part_of(t, "m.g_idx").shape = {2, 4}; }), "m.g_idx", "8 expected");
  named(gptq_error([](auto& t) { t.erase(t.begin() + 2); }), "m.qweight", "\"m.scales\" expected");
  named(gptq_error([](auto& t) { t.erase(t.begin() + 1); }), "m.qweight", "\"m.qzeros\" expected");
  named(gptq_error([](auto& t) { part_of(t, "m.scales").shape = {1, 16}; }), "m.scales", "2 x 8 expected");
  named(gptq_error([](auto& t) { part_of(t, "m.scales").dtype = "I32"; }), "m.scales",
        "F32, F16 or BF16 expected");
  named(gptq_error([](auto& t) { part_of(t, "m.qzeros").shape = {1, 2}; }), "m.qzeros", "2 x 1 expected");
  named(gptq_error([](auto& t) { part_of(t, "m.qweight").dtype = "F32"; }), "m.qweight",
        "I32 expected, F32 found");
  named(gptq_error([](auto& t) { part_of(t, "m.qweight").shape = {8}; }), "m.qweight", "two dimensions");
  named(gptq_error([](auto& t) {
          t.push_back({"m.weight", "F32", {1}, f32_bytes({1})});
        }),
        "m.qweight", "both found");
}

TEST_CASE("scales of zero, infinity and NaN are taken as they are; scales for run time are left out") {
  const TemporaryFolder folder;
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  write_file(
      folder.path() / "model.safetensors",
      safetensors_file({{"a.weight", "F8_E4M3", {4, 2}, std::string("\x38\xb8\x01\x7e\x38\x00\x7f\x38", 8)},
                        {"a.weight_scale", "F32", {4, 1}, f32_bytes({0.0f, 2.0f, inf, nan})},
                        {"a.input_scale", "F32", {}, f32_bytes({1})},
                        {"a.k_scale", "F32", {1}, f32_bytes({1})},
                        {"b.weight", "F32", {1, 1}, f32_bytes({3})}}));
  const TensorFiles files =
      decoded(folder.path(), R"({"quantization_config": {"quant_method": "fbgemm_fp8"}})");
  REQUIRE(files.tensors().size() == 2);
  CHECK_FALSE(files.find("b.weight")->stored.computed);
  std::vector<float> numbers(8);
  files.find("a.weight")->stored.computed->read_rows(0, 4, numbers.data());
  CHECK(same_bits({numbers.begin(), numbers.begin() + 5}, {0.0f, -0.0f, 0x1p-8f, 896.0f, inf}));
  for (int i : {5, 6, 7})
    CHECK(std::isnan(numbers[static_cast<std::size_t>(i)]));  // 0 x infinity, the code NaN, NaN
}

TEST_CASE("every code of E4M3 and E8M0 is the number its format defines") {
  for (int code = 0; code < 256; ++code) {
    const int exponent = code >> 3 & 15, fraction = code & 7;
    const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -9)
                                          : std::ldexp(static_cast<float>(8 + fraction), exponent - 10);
    const float found = e4m3_to_f32(static_cast<std::uint8_t>(code));
    if ((code & 127) == 127)
      CHECK(std::isnan(found));
    else
      CHECK(std::bit_cast<std::uint32_t>(found) ==
            std::bit_cast<std::uint32_t>(code < 128 ? magnitude : -magnitude));
  }
  CHECK(e8m0_to_f32(0) == 0x1p-127f);
  CHECK(e8m0_to_f32(127) == 1.0f);
  CHECK(e8m0_to_f32(254) == 0x1p127f);
  CHECK(std::isnan(e8m0_to_f32(255)));
}

TEST_CASE("modules take the group that names them, then one whose pattern does, then that of their class") {
  const TemporaryFolder folder;
  const auto module = [](const std::string& name, std::vector<TensorToWrite>& to) {
    to.push_back({name + ".weight", "I8", {1, 2}, std::string("\x02\xfe", 2)});
    to.push_back({name + ".weight_scale", "F32", {1, 1}, f32_bytes({0.5f})});
  };
  std::vector<TensorToWrite> tensors;
  module("x.up", tensors);
  tensors.push_back({"x.down.weight", "F8_E4M3", {1, 2}, std::string("\x38\x40", 2)});
  tensors.push_back({"x.down.weight_scale", "BF16", {1}, u16_bytes({0x4000})});
  write_file(folder.path() / "model.safetensors", safetensors_file(tensors));
  const auto config = [](const std::string& target, const std::string& others) {
    return R"({"quantization_config": {"quant_method": "compressed-tensors", "format": "naive-quantized",
      "config_groups": {"a": {"targets": [")" +
           others + R"("], "weights": {"num_bits": 8, "strategy": "channel"}},
      "b": {"targets": [")" +
           target + R"("], "weights": {"num_bits": 8, "type": "float", "strategy": "tensor"}}}}})";
  };
  for (const char* target : {"x.down", R"(re:x\\.d.*)"}) {
    const TensorFiles files = decoded(folder.path(), config(target, "Linear"));
    float numbers[2];
    files.find("x.down.weight")->stored.computed->read_rows(0, 1, numbers);
    CHECK(numbers[1] == 4.0f);
    files.find("x.up.weight")->stored.computed->read_rows(0, 1, numbers);
    CHECK(numbers[1] == -1.0f);
  }
  CHECK(holds(load_error([&] { decoded(folder.path(), config("re:down", "Linear")); }),
              "\"x.down.weight\": I8 expected"));
  CHECK(holds(load_error([&] { decoded(folder.path(), config("x.down", "y")); }), "module \"x.up\""));
  CHECK(holds(load_error([&] { decoded(folder.path(), config("re:(", "Linear")); }), "target \"re:(\""));
}
