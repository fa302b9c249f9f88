// The numbers in exp, tanh and gelu, for vector_kernels.h and scalar.cpp, which says what they are for.
#pragma once

namespace kelvin::kernels {

// Adding it rounds to the nearest integer, halves to even: one unit is the last place of 1.5 x 2^23.
constexpr float to_integer = 0x1.8p+23f;

// exp(x) = 2^n exp(r), r = x - n ln 2 with ln 2 in two parts.
constexpr float log2_e = 0x1.715476p+0f;
constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
constexpr float exp_zero_below = -87.0f, exp_infinite_above = 88.72283f;
// exp(r) = 1 + r + r^2 P(r), |r| <= ln(2) / 2; coefficients from the highest power down.
constexpr float exp_coefficients[] = {0x1.6db47ep-10f, 0x1.123b92p-7f, 0x1.55545ep-5f, 0x1.55548ep-3f, 0.5f};

// tanh is 1 in float32 from here on.
constexpr float tanh_one_from = 10.0f;

// gelu(x) = x / (1 + exp(slope (cubic x^2 + 1) x)): slope = -2 sqrt(2 / pi), cubic = 0.044715
constexpr float gelu_tanh_cubic = 0x1.6e4e26p-5f, gelu_tanh_slope = -0x1.988454p+0f;

// The tail of the normal distribution is exp(-x^2 / 2) t P(t - 1/2) with t = 1 / (1 + stretch |x|); P is
// fitted to 4e-9.
constexpr float gelu_erf_stretch = 0x1.333334p-2f;
constexpr float gelu_erf_coefficients[] = {-0x1.512a92p-6f, 0x1.40cb68p-6f, 0x1.26536ep-5f, -0x1.2aa324p-5f,
                                           -0x1.3da90ep-4f, 0x1.dc0f50p-6f, 0x1.c6d356p-3f, 0x1.6281f2p-2f,
                                           0x1.510f0cp-2f,  0x1.c69888p-3f};

}  // namespace kelvin::kernels
