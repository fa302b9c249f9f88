// The points that codes of GGUF's IQ1, IQ2 and IQ3 stand for: sets of vectors that llama.cpp chose once by how often
// weights lie near them (ggml-common.h), and that belong to the definition of the formats since. Values are without
// signs, but for IQ1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kelvin::blocks {

template <std::size_t points, std::size_t size>
using Grid = std::array<std::array<std::int8_t, size>, points>;

extern const Grid<256, 8> iq2_xxs_grid;
extern const Grid<512, 8> iq2_xs_grid;
extern const Grid<1024, 8> iq2_s_grid;
extern const Grid<2048, 8> iq1_grid;
extern const Grid<256, 4> iq3_xxs_grid;
extern const Grid<512, 4> iq3_s_grid;

}  // namespace kelvin::blocks
