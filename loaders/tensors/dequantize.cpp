#include "loaders/tensors/dequantize.h"

#include <cstdint>
#include <stdexcept>

#include "loaders/tensors/block_codes.h"

namespace kelvin {
namespace {

// d has 11 bits, a scale at most 8, a code at most 7: the first product is exact, the second rounded once. Where
// there is a minimum, the second is exact, too, and the difference is rounded.
template <int sub>
void recombine(const BlockCodes& block, int elements, float* to) {
  for (int part = 0; part * sub < elements; ++part) {
    const float by = block.d * static_cast<float>(block.scales[part]);
    const float min = block.dmin * static_cast<float>(block.mins[part]);
    const std::int16_t* const codes = block.codes + part * sub;
    for (int i = 0; i < sub; ++i) to[part * sub + i] = by * static_cast<float>(codes[i]) - min;
  }
}

}  // namespace

bool is_quantized(Dtype dtype) { return block_form(dtype) != nullptr; }

void dequantize(Dtype dtype, const std::byte* from, std::size_t count, float* to) {
  const BlockForm* const form = block_form(dtype);
  if (!form) throw std::invalid_argument("a quantised format expected");
  const DtypeInfo& info = dtype_info(dtype);
  const auto combine = form->sub == 16 ? recombine<16> : recombine<32>;
  BlockCodes block;
  for (std::size_t done = 0; done < count; done += info.elements, from += info.bits / 8) {
    read_block_codes(*form, from, block);
    combine(block, static_cast<int>(info.elements), to + done);
  }
}

}  // namespace kelvin
