#include "loaders/tensors/block_codes.h"

#include <algorithm>
#include <iterator>

#include "loaders/tensors/block_readers.h"

namespace kelvin {
namespace {

// sub, codes from and to, scales from and to, largest minimum
constexpr BlockForm forms[] = {
    {Dtype::q4_0, 32, -8, 7, 1, 1, 0, blocks::q4_0},
    {Dtype::q4_1, 32, 0, 15, 1, 1, 1, blocks::q4_1},
    {Dtype::q5_0, 32, -16, 15, 1, 1, 0, blocks::q5_0},
    {Dtype::q5_1, 32, 0, 31, 1, 1, 1, blocks::q5_1},
    {Dtype::q8_0, 32, -128, 127, 1, 1, 0, blocks::q8_0},
    {Dtype::q2_k, 16, 0, 3, 0, 15, 15, blocks::q2_k},
    {Dtype::q3_k, 16, -4, 3, -32, 31, 0, blocks::q3_k},
    {Dtype::q4_k, 32, 0, 15, 0, 63, 63, blocks::q4_k},
    {Dtype::q5_k, 32, 0, 31, 0, 63, 63, blocks::q5_k},
    {Dtype::q6_k, 16, -32, 31, -128, 127, 0, blocks::q6_k},
    {Dtype::iq4_nl, 32, -127, 113, 1, 1, 0, blocks::iq4_nl},
    {Dtype::iq4_xs, 32, -127, 113, -32, 31, 0, blocks::iq4_xs},
    {Dtype::mxfp4, 32, -12, 12, 1, 1, 0, blocks::mxfp4},
    {Dtype::nvfp4, 16, -12, 12, 0, 15 << 14, 0, blocks::nvfp4},
    {Dtype::q1_0, 32, -1, 1, 1, 1, 0, blocks::q1_0},
    {Dtype::tq1_0, 32, -1, 1, 1, 1, 0, blocks::tq1_0},
    {Dtype::tq2_0, 32, -1, 2, 1, 1, 0, blocks::tq2_0},
    {Dtype::iq1_s, 32, -9, 9, 1, 15, 0, blocks::iq1_s},
    {Dtype::iq1_m, 16, -9, 9, 1, 15, 0, blocks::iq1_m},
    {Dtype::iq2_xxs, 32, -43, 43, 1, 31, 0, blocks::iq2_xxs},
    {Dtype::iq2_xs, 16, -43, 43, 1, 31, 0, blocks::iq2_xs},
    {Dtype::iq2_s, 16, -43, 43, 1, 31, 0, blocks::iq2_s},
    {Dtype::iq3_xxs, 32, -62, 62, 1, 31, 0, blocks::iq3_xxs},
    {Dtype::iq3_s, 32, -15, 15, 1, 31, 0, blocks::iq3_s},
};

}  // namespace

const BlockForm* block_form(Dtype dtype) {
  const auto* const form =
      std::find_if(std::begin(forms), std::end(forms), [&](const BlockForm& f) { return f.dtype == dtype; });
  return form == std::end(forms) ? nullptr : form;
}

void read_block_codes(const BlockForm& form, const std::byte* block, BlockCodes& to) {
  const int parts = static_cast<int>(dtype_info(form.dtype).elements) / form.sub;
  if (form.lowest_scale == form.highest_scale) std::fill_n(to.scales, parts, 1);
  if (form.highest_min == 0) {
    to.dmin = 0;
    std::fill_n(to.mins, parts, 0);
  }
  form.reader(reinterpret_cast<const std::uint8_t*>(block), to);
}

}  // namespace kelvin
