#include "engine/weights/packed.h"

#include <bit>
#include <cstring>

#include "engine/kernels/quantized.h"

namespace kelvin {
namespace {

std::size_t padded_width(int cols) {
  return (static_cast<std::size_t>(cols) + k_padding - 1) / k_padding * k_padding;
}

std::size_t header_of(Storage format) {
  return format == Storage::q8 ? std::size_t{q8_header} : std::size_t{q4_header};
}

std::size_t bytes_per_k(Storage format) { return format == Storage::q8 ? panel_rows : panel_rows / 2; }

template <class T>
T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float read_bfloat16(const std::byte* from) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(read<std::uint16_t>(from)) << 16);
}

void unpack_q8(const std::byte* block, int lane, int n, float* out) {
  const std::byte* weights = block + q8_header + lane * step_width;
  for (int k = 0; k < n; ++k) {
    const float scale = read_bfloat16(block + 2 * (k / span_width * panel_rows + lane));
    out[k] =
        scale * static_cast<float>(static_cast<int>(weights[k / step_width * 64 + k % step_width]) - 128);
  }
}

void unpack_q4(const std::byte* block, int lane, int n, float* out) {
  const float scale = read_bfloat16(block + q4_scales + 2 * lane);
  const std::byte* codes = block + q4_header + lane * step_width;
  for (int sub = 0; sub * sub_width < n; ++sub) {
    const int pair = static_cast<int>(block[sub / 2 * panel_rows + lane]);
    const int size = sub % 2 ? pair >> 4 : pair & 15;
    const int sub_scale = read<std::uint16_t>(block + q4_signs + 2 * sub) >> lane & 1 ? -size : size;
    for (int k = sub * sub_width; k < n && k < (sub + 1) * sub_width; ++k) {
      const int byte = static_cast<int>(codes[k / (2 * step_width) * 64 + k % step_width]);
      const int code = (k / step_width % 2 ? byte >> 4 : byte & 15) - 8;
      out[k] = scale * static_cast<float>(sub_scale * code);
    }
  }
}

}  // namespace

std::size_t packed_panel_bytes(Storage format, int cols) {
  const std::size_t width = padded_width(cols);
  const std::size_t blocks = (width + group_width - 1) / group_width;
  return blocks * header_of(format) + width * bytes_per_k(format);
}

std::size_t packed_bytes(Storage format, int rows, int cols) {
  return (static_cast<std::size_t>(rows) + panel_rows - 1) / panel_rows * packed_panel_bytes(format, cols);
}

void unpack_row(Storage format, const std::byte* packed, int row, int cols, float* out) {
  const std::byte* block =
      packed + static_cast<std::size_t>(row / panel_rows) * packed_panel_bytes(format, cols);
  for (int first = 0; first < cols; first += group_width) {
    const int n = cols - first < group_width ? cols - first : group_width;
    (format == Storage::q8 ? unpack_q8 : unpack_q4)(block, row % panel_rows, n, out + first);
    block += header_of(format) + group_width * bytes_per_k(format);
  }
}

}  // namespace kelvin
