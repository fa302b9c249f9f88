#include "loaders/tensors/tensor_convert.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "engine/kernels/kernels.h"
#include "engine/platform/thread_team.h"
#include "engine/quantize/quantize.h"
#include "engine/weights/half.h"

using namespace kelvin;
using namespace kelvin::engine;

namespace {

// Numbers of a format, one byte off any alignment if wanted; nothing behind them is a file.
struct Numbers {
  Numbers(Dtype dtype, std::size_t count, bool misaligned) : bytes(count * 4 + 64) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    std::byte* const at = bytes.data() + (misaligned ? 1 : 0);
    for (std::size_t i = 0; i < count; ++i) {
      const float number = normal(random);
      const std::uint16_t half = dtype == Dtype::f16 ? f32_to_f16(number) : f32_to_bf16(number);
      if (dtype == Dtype::f32)
        std::memcpy(at + 4 * i, &number, 4);
      else
        std::memcpy(at + 2 * i, &half, 2);
    }
    tensor.stored.dtype = dtype;
    tensor.stored.shape = {count};
    tensor.stored.data = {at, stored_bytes(dtype, count)};
    tensor.file = MappedFile::open("/proc/self/exe");
  }
  std::vector<std::byte> bytes;
  TensorFiles::Tensor tensor;
};

std::vector<std::byte> converted(const TensorPiece& piece, int cols, Storage storage, int threads,
                                 int& steps) {
  std::vector<std::byte> result;
  std::size_t read = 0;
  steps = 0;
  for (PieceConverter converter(piece, cols, storage, threads); !converter.done(); ++steps) {
    const std::size_t before = result.size();
    result.resize(before + converter.step_bytes());
    read += converter.step(result.data() + before);
  }
  CHECK(read == piece.bytes().size());
  return result;
}

}  // namespace

TEST_CASE("steps and threads give what one conversion of all gives") {
  constexpr int rows = 2100, cols = 2048;  // a little more than one step
  constexpr std::size_t count = std::size_t{rows} * cols;
  for (const Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16}) {
    CAPTURE(dtype_name(dtype));
    const Numbers numbers(dtype, count, dtype != Dtype::f16);
    std::vector<float> wide(count);
    convert(dtype, numbers.tensor.stored.data.data(), count, Storage::f32, wide.data());
    // The search for q4 takes long and is cut in steps like q8's.
    for (const Storage storage : {Storage::f32, Storage::bf16, Storage::q8}) {
      CAPTURE(name_of(storage));
      std::vector<std::byte> expected(matrix_bytes(storage, rows, cols));
      ThreadTeam alone(1);
      if (is_packed(storage))
        quantize(storage, {Storage::f32, rows, cols, wide.data()}, *best_kernels().quantized, alone,
                 expected.data());
      else
        convert(dtype, numbers.tensor.stored.data.data(), count, storage, expected.data());
      int steps = 0;
      CHECK(converted(whole(numbers.tensor), cols, storage, 2, steps) == expected);
      CHECK(steps == 2);
    }
  }
}

TEST_CASE("a few rows in the middle, rows wider than a step, nothing") {
  constexpr int cols = 5'000'000;
  const Numbers numbers(Dtype::bf16, 20 * cols / 10, false);
  int steps = 0;
  const TensorPiece piece{&numbers.tensor, 7 * 64, 21 * 64};
  std::vector<std::byte> expected(matrix_bytes(Storage::q8, 21, 64));
  const Matrix matrix{Storage::bf16, 21, 64, piece.bytes().data()};
  ThreadTeam alone(1);
  quantize(Storage::q8, matrix, *best_kernels().quantized, alone, expected.data());
  CHECK(converted(piece, 64, Storage::q8, 1, steps) == expected);
  CHECK(steps == 1);

  const TensorPiece two_rows{&numbers.tensor, 0, 2 * cols};
  CHECK(converted(two_rows, cols, Storage::q4, 2, steps).size() == matrix_bytes(Storage::q4, 2, cols));
  CHECK(steps == 1);
  CHECK(converted({&numbers.tensor, 0, 0}, 64, Storage::q4, 1, steps).empty());
}
