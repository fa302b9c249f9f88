// Measures of generated texts that need nothing but the texts.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace kelvin {

// Different n-grams of tokens by all n-grams, of all texts together (Li et al. 2016, arXiv 1510.03055); NaN where there is none.
double distinct_n(std::span<const std::vector<int>> texts, std::size_t n);

// The share of a text's n-grams that stood in it before (seq-rep-n: Welleck et al. 2019, arXiv 1908.04319); NaN where there is none.
double repeated_n(std::span<const int> text, std::size_t n);

// For each text the share of its n-grams that stand in another one of the texts, which is self-BLEU's n-gram precision (Zhu et al.
// 2018, arXiv 1802.01886); NaN where it has none. (texts,)
std::vector<double> shared_n(std::span<const std::vector<int>> texts, std::size_t n);

// Bytes by the bytes of their LZ78 phrases (Ziv and Lempel 1978), each its predecessor's number in whole bits and one byte: above 1
// where they repeat, as in Shaib et al. 2024, arXiv 2403.00553. NaN for no bytes.
double compression_ratio(std::string_view bytes);

}  // namespace kelvin
